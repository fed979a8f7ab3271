"""What a client shows before its connection is upgraded: where it comes from, whose it is."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers

from sferic.server.keyring import Keyring
from sferic.server.refusal import Refusal

SUBPROTOCOL = "bearer"
"""A browser offers `bearer, KEY`, because it cannot set headers; this one is selected."""

_PORTS = {"http": 80, "https": 443}


def check_origin(headers: Headers, allowed: tuple[str, ...]) -> None:
    """Refuse pages of other sites; a client that sends no `Origin` is no browser and may pass.

    Raises:
        Refusal: 403, the origin is neither this server's own nor allowed.
    """
    origin = headers.get("origin")
    if origin is None or "*" in allowed or origin.lower() in allowed:
        return
    if not _same_host(origin, headers.get("host", "")):
        raise Refusal(
            403,
            "origin_not_allowed",
            "pages of this origin may not connect. If they should, add it to allowed_origins "
            "(SFERIC_ALLOWED_ORIGINS)",
        )


async def authenticate(
    headers: Headers, subprotocols: list[str], keyring: Keyring
) -> tuple[str, str | None]:
    """Find out whose connection it is.

    Args:
        headers: Of the request; `Authorization` counts before a subprotocol.
        subprotocols: What the client offers.
        keyring: The keys.

    Returns:
        The id of the key, and the subprotocol to select.

    Raises:
        Refusal: 401, there is no key or it is not in force.
    """
    selected = SUBPROTOCOL if SUBPROTOCOL in subprotocols else None
    key = _bearer(headers.get("authorization")) or _offered(subprotocols)
    if key is None:
        raise _missing_key()
    key_id = await keyring.find(key)
    if key_id is None:
        raise _unknown_key()
    return key_id, selected


def _bearer(authorization: str | None) -> str | None:
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None


def _offered(subprotocols: list[str]) -> str | None:
    if SUBPROTOCOL not in subprotocols:
        return None
    following = subprotocols[subprotocols.index(SUBPROTOCOL) + 1 :]
    return following[0] if following else None


def _missing_key() -> Refusal:
    return _unauthorized(
        "missing_key",
        "a key is needed: send it as `Authorization: Bearer KEY`, or from a browser as the "
        "subprotocols `bearer, KEY`",
        "",
    )


def _unknown_key() -> Refusal:
    message = "the key is unknown or was revoked"
    return _unauthorized("invalid_key", message, ', error="invalid_token"')


def _unauthorized(code: str, message: str, challenge: str) -> Refusal:
    headers = {"WWW-Authenticate": f'Bearer realm="sferic"{challenge}'}
    return Refusal(401, code, message, headers=headers)


def _same_host(origin: str, host: str) -> bool:
    """Compare hosts and ports; the scheme may differ where a proxy ends TLS."""
    try:
        page = urlsplit(origin)
        own = urlsplit(f"{page.scheme}://{host}")
        default = _PORTS.get(page.scheme)
        ports = page.port or default, own.port or default
    except ValueError:
        return False
    return default is not None and page.hostname == own.hostname and ports[0] == ports[1]
