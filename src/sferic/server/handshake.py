"""What a client shows before its connection is upgraded: where it comes from, whose it is."""

from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from sferic.server.allowance import Allowance
from sferic.server.keyring import Keyring
from sferic.server.refusal import Refusal, unauthorized
from sferic.server.tokens import Grant, Tokens, is_token

SUBPROTOCOL = "bearer"
"""A browser offers `bearer, KEY`, because it cannot set headers; this one is selected."""

QUERY_PARAMETER = "token"
"""Where a URL may hold a token; never a key."""

_PORTS = {"http": 80, "https": 443}


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Whose connection it is."""

    key_id: str
    grant: Grant | None = None
    """What limits it, if it shows a token."""

    @property
    def allowance(self) -> Allowance | None:
        """The options that it may have; None for all."""
        return None if self.grant is None else self.grant.allowance


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
    """Find out whose key it is, where tokens are not taken.

    Args:
        headers: Of the request; `Authorization` counts before a subprotocol.
        subprotocols: What the client offers.
        keyring: The keys.

    Returns:
        The id of the key, and the subprotocol to select.

    Raises:
        Refusal: 401, there is no key or it is not in force; 403, it is a token.
    """
    key = _bearer(headers.get("authorization")) or _offered(subprotocols)
    if key is None:
        raise _missing_key()
    if is_token(key):
        message = "tokens open live sessions only; everything else takes the key itself"
        raise Refusal(403, "key_needed", message)
    return await _known(key, keyring), _selected(subprotocols)


async def admit(
    connection: HTTPConnection, keyring: Keyring, tokens: Tokens
) -> tuple[Caller, str | None]:
    """Find out whose connection it is, where tokens count beside keys.

    Args:
        connection: `Authorization` counts before a subprotocol, and that before `token` in the
            query, which takes tokens only.
        keyring: The keys.
        tokens: The tokens.

    Returns:
        Who calls, and the subprotocol to select.

    Raises:
        Refusal: 401, there is no key or token, or it is not in force.
    """
    offered: list[str] = connection.scope.get("subprotocols", [])
    in_query = connection.query_params.get(QUERY_PARAMETER)
    if in_query is not None and not is_token(in_query):
        raise _key_in_query()
    key = _bearer(connection.headers.get("authorization")) or _offered(offered) or in_query
    if key is None:
        raise _missing_key()
    if is_token(key):
        grant = await tokens.find(key)
        return Caller(key_id=grant.key_id, grant=grant), _selected(offered)
    return Caller(key_id=await _known(key, keyring)), _selected(offered)


async def _known(key: str, keyring: Keyring) -> str:
    key_id = await keyring.find(key)
    if key_id is None:
        raise _unknown_key()
    return key_id


def _selected(subprotocols: list[str]) -> str | None:
    return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None


def _bearer(authorization: str | None) -> str | None:
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None


def _offered(subprotocols: list[str]) -> str | None:
    if SUBPROTOCOL not in subprotocols:
        return None
    following = subprotocols[subprotocols.index(SUBPROTOCOL) + 1 :]
    return following[0] if following else None


def _missing_key() -> Refusal:
    return unauthorized(
        "missing_key",
        "a key is needed: send it as `Authorization: Bearer KEY`, or from a browser as the "
        "subprotocols `bearer, KEY`",
    )


def _unknown_key() -> Refusal:
    message = "the key is unknown or was revoked"
    return unauthorized("invalid_key", message, error="invalid_token")


def _key_in_query() -> Refusal:
    message = (
        "only short-lived tokens may stand in a URL, because URLs end up in logs: mint one with "
        "POST /v1/tokens, and replace the key if it was a real one"
    )
    return unauthorized("key_in_query", message, error="invalid_token")


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
