"""`POST /v1/tokens`: a short-lived token for a full key."""

import ipaddress
import logging
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from sferic.config import Settings
from sferic.errors import OptionsError
from sferic.server.allowance import Allowance
from sferic.server.handshake import authenticate, check_origin
from sferic.server.keyring import Keyring
from sferic.server.refusal import Refusal
from sferic.server.tokens import LONGEST_S, MOST_SESSIONS, Tokens

LONGEST_BODY = 65_536
"""Bytes of a request."""

access = logging.getLogger("sferic.access")


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request; everything may be left out."""

    seconds: Annotated[int, Meta(ge=1, le=LONGEST_S)] = 60
    sessions: Annotated[int, Meta(ge=1, le=MOST_SESSIONS)] | Literal["unlimited"] = 1
    options: dict[str, object] | None = None


class Minted(msgspec.Struct, frozen=True, kw_only=True):
    """The answer."""

    token: str
    expires_at: datetime
    seconds: int
    sessions: int | Literal["unlimited"]
    options: dict[str, tuple[str, ...] | None] | None


class Minting:
    """The endpoint that mints tokens.

    Args:
        settings: For allowed origins.
        keyring: Says whose key it is.
        tokens: Mints them.
        keyless: The id of the key that answers for tokens which this server's own page asks for
            without a key, from the machine itself; None where it may not.
    """

    def __init__(
        self, settings: Settings, keyring: Keyring, tokens: Tokens, *, keyless: str | None = None
    ) -> None:
        self._settings = settings
        self._keyring = keyring
        self._tokens = tokens
        self._keyless = keyless

    async def mint(self, request: Request) -> Response:
        """Mint a token as the body says.

        Raises:
            Refusal: what it says.
        """
        check_origin(request.headers, self._settings.allowed_origins)
        key_id = await self._key_of(request)
        wanted = _read(await _body(request))
        grant, token = await self._tokens.mint(
            key_id,
            seconds=wanted.seconds,
            sessions=None if wanted.sessions == "unlimited" else wanted.sessions,
            allowance=_allowance(wanted),
        )
        access.info("token=%s key=%s seconds=%d", grant.id, key_id, wanted.seconds)
        minted = Minted(
            token=token,
            expires_at=datetime.fromtimestamp(grant.expires, UTC),
            seconds=wanted.seconds,
            sessions=wanted.sessions,
            options=None if grant.options is None else dict(grant.options),
        )
        return Response(
            msgspec.json.encode(minted),
            headers={"Cache-Control": "no-store"},
            media_type="application/json",
        )

    def may_do_without_a_key(self, connection: HTTPConnection) -> bool:
        """Whether a page that came by this connection gets tokens without a key."""
        return self._keyless is not None and _from_this_machine(connection)

    async def _key_of(self, request: Request) -> str:
        keyless = self._keyless
        if keyless and "authorization" not in request.headers and _from_this_machine(request):
            return keyless
        key_id, _ = await authenticate(request.headers, [], self._keyring)
        return key_id


def _from_this_machine(connection: HTTPConnection) -> bool:
    """Both ends are loopback, and by name too: a foreign name may be made to lead here."""
    client = connection.client.host if connection.client else ""
    return _is_loopback(client) and _is_loopback(connection.url.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            message = f"the body is longer than {LONGEST_BODY} bytes"
            raise Refusal(413, "request_too_big", message)
    return body


def _read(body: bytes) -> Wanted:
    if not body:
        return Wanted()
    try:
        return msgspec.json.decode(body, type=Wanted)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        message = f"the body is not what it should be: {error}"
        raise Refusal(400, "invalid_request", message) from None


def _allowance(wanted: Wanted) -> Allowance | None:
    if wanted.options is None:
        return None
    try:
        return Allowance.of(wanted.options)
    except OptionsError as error:
        raise Refusal.of(error) from None
