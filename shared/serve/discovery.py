"""What clients read first: the authorization server's metadata (RFC 8414).

Served by the authorization server itself, and by resource hosts as well: older Codex looks for it
there before anywhere else. The issuer is one text everywhere, byte for byte.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from shared.auth.faces import scopes_of
from shared.settings import Settings

OAUTH: Final = "/.well-known/oauth-authorization-server"
OPENID: Final = "/.well-known/openid-configuration"
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS: Final = ("authorization_code", "refresh_token", DEVICE_CODE, "client_credentials")
ASSERTION_ALGORITHMS: Final = ("ES256", "RS256")


def authorization_server(settings: Settings) -> dict[str, Any]:
    """The document, also good as an openid-configuration for clients that only look there."""
    issuer = settings.auth_url
    flag = (
        {"client_id_metadata_document_supported": True} if settings.takes_client_documents else {}
    )
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "registration_endpoint": f"{issuer}/oauth2/register",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "device_authorization_endpoint": f"{issuer}/oauth2/device_authorization",
        "jwks_uri": f"{issuer}/oauth2/jwks",
        "scopes_supported": [*scopes_of(settings), "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        **flag,
    }


def metadata_paths(*bases: str) -> frozenset[str]:
    """Every path clients try: at the root, and inserted before and appended to each base path."""
    found = {OAUTH, OPENID}
    for base in bases:
        if base:
            found |= {f"{name}{base}" for name in (OAUTH, OPENID)}
            found |= {f"{base}{name}" for name in (OAUTH, OPENID)}
    return frozenset(found)


def base_path(url: str) -> str:
    """The path of a URL of ours, empty where it is an origin."""
    return urlsplit(url).path
