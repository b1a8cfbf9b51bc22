"""Whether a client shows pages of ours inside itself (MCP Apps, `io.modelcontextprotocol/ui`)."""

from typing import Any, Final

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

EXTENSION: Final = "io.modelcontextprotocol/ui"
PAGE: Final = "text/html;profile=mcp-app"
"""The one kind of page there is so far."""


def shows_pages(version: str, capabilities: Any) -> bool:
    """Whether a client is told which page shows a tool's answers.

    In the later era every request says what its client can do. In the earlier one only `initialize`
    does, and nothing of it is kept here, so everybody is told: the extension has a client that does
    not know of pages pass over it, and a client shows no model what stands in `_meta`.
    """
    if version in HANDSHAKE_PROTOCOL_VERSIONS:
        return True
    extensions = capabilities.get("extensions") if isinstance(capabilities, dict) else None
    settings = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    kinds = settings.get("mimeTypes") if isinstance(settings, dict) else None
    return isinstance(kinds, list) and PAGE in kinds
