"""What a dev deployment is: its functions, their paths, and its settings.

This module imports little: `dev` starts functions with it before anything else is loaded.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final

from shared.auth.faces import ENDPOINT, FACES, METADATA_PATH, PARTNER, PORTAL
from shared.settings import Settings

SETTINGS_FILE: Final = "settings.json"
"""Where the last dev of a data folder left its settings, for the other commands."""

LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
"""The portal asks the authorization server for tokens, and here that is on this machine."""

FURTHER: Final = tuple(
    face
    for face in FACES
    if face not in (PARTNER, PORTAL)
    and (Path(__file__).parents[2] / "functions" / face.name / "main.py").is_file()
)
"""The faces beside the partners' whose function is here."""

ROUTES: Final = (
    *((f"{prefix}/{face.name}", face.name) for face in FURTHER for prefix in ("", METADATA_PATH)),
    ("/destinations", "destinations"),
    ("/v1", "api"),
    ("/mcp", "partner"),
    (METADATA_PATH, "partner"),
    ("/auth", "auth"),
    ("/portal", "portal"),
    ("/.well-known/oauth-authorization-server", "auth"),
    ("/.well-known/openid-configuration", "auth"),
    ("/jobs", "tasks"),
    ("/engine", "engine"),
)
"""Which function serves which path, first match first. The load balancer has the same table, but
for the further faces and destinations: there each has a host of its own."""

FIRST: Final = ("partner", "api")
"""What must answer before anybody is told how to connect; the others start behind these."""


def settings_for(
    origin: str, data: Path, *, origins: Iterable[str] = (), **changes: Any
) -> Settings:
    """The settings of a dev deployment at one origin. Its other loopback spelling works too.

    `origins`: further pages that may call it, such as a browser client that is tried.
    """
    port = origin.rpartition(":")[2]
    return Settings(
        backend="local",
        data=data,
        cache=data / "segments",
        mcp_url=f"{origin}/mcp",
        api_url=f"{origin}/v1",
        auth_url=f"{origin}/auth",
        portal_url=f"{origin}/portal",
        files_url=f"{origin}/files",
        destinations_url=f"{origin}/destinations",
        faces={face.name: f"{origin}/{face.name}{ENDPOINT}" for face in FURTHER},
        fetch_networks=LOOPBACK,
        sign_in=True,
        tasks_url=origin,
        engine_url=origin,
        tasks_account="work-queue@localhost",
        export_every=1,
        hosts=(f"localhost:{port}", f"127.0.0.1:{port}"),
        origins=(f"http://localhost:{port}", f"http://127.0.0.1:{port}", *origins),
        **changes,
    )


def last_settings(data: Path) -> Settings:
    """The settings the dev deployment of a data folder was last started with."""
    file = data / SETTINGS_FILE
    if file.is_file():
        return Settings.model_validate_json(file.read_bytes())
    return settings_for("http://localhost:8080", data)
