"""Short-lived keys for browsers: minted from a full key, signed, and limited.

A token says itself what it may, so that a connection costs no look at the database and every
server that shares the keys takes it. It is signed with a secret that lies with the keys and with
the hash of the key that it was minted from: when that is revoked, so is the token. Only the number
of sessions has to be counted, where it is limited, and that is done where the keys are.
"""

import base64
import binascii
import hmac
import logging
import math
import secrets
import time
from collections.abc import Callable, Mapping

import msgspec

from sferic.errors import KeyStoreError
from sferic.server.allowance import Allowance
from sferic.server.keyring import Keyring
from sferic.server.keys import KeyDatabase
from sferic.server.refusal import Refusal, unauthorized
from sferic.server.token_counts import TokenCounts, TooManyTokensError

TOKEN_PREFIX = "sferic-token."  # noqa: S105
"""What every token begins with, and no key."""

LONGEST_S = 3600
MOST_SESSIONS = 1_000_000
LONGEST_TOKEN = 4096
"""Characters: it has to go into a header or a URL."""
RETRY_S = 5
"""What a client is told to wait while the database does not work."""

logger = logging.getLogger(__name__)


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token allows."""

    id: str
    key_id: str
    """Of the key that it was minted from: its sessions count as sessions of that."""
    expires: float
    """Seconds since 1970; a session that is open goes on."""
    sessions: int | None = None
    """How many sessions may be opened with it, None for any number."""
    options: Mapping[str, tuple[str, ...] | None] | None = None
    """What an `Allowance` is made of; None allows everything."""

    @property
    def allowance(self) -> Allowance | None:
        """The options that its sessions may have; None for all."""
        return None if self.options is None else Allowance(self.options)


_GRANT: msgspec.json.Decoder[Grant] = msgspec.json.Decoder(Grant)


class Tokens:
    """Mints tokens and says what they allow.

    Args:
        database: Where the keys are.
        keyring: Knows which keys are in force.
        clock: Seconds since 1970.
    """

    def __init__(
        self, database: KeyDatabase, keyring: Keyring, clock: Callable[[], float] = time.time
    ) -> None:
        self._keyring = keyring
        self._clock = clock
        self._counts = TokenCounts(database, clock)

    async def mint(
        self,
        key_id: str,
        *,
        seconds: int = 60,
        sessions: int | None = 1,
        allowance: Allowance | None = None,
    ) -> tuple[Grant, str]:
        """Make a token.

        Args:
            key_id: Of the key that answers for it.
            seconds: How long sessions may be opened with it, 1 to 3600.
            sessions: How many; None for any number.
            allowance: The options that they may have; None for all.

        Returns:
            What it allows, and the token.

        Raises:
            Refusal: 400, it would be too long; 429, the key has too many; 503, the database does
                not work; 401, the key is no longer in force.
        """
        grant = Grant(
            id=f"tok_{secrets.token_hex(8)}",
            key_id=key_id,
            expires=round(self._clock() + seconds, 3),
            sessions=sessions,
            options=None if allowance is None else allowance.values,
        )
        payload = msgspec.json.encode(grant)
        try:
            secret = await self._keyring.make_secret()
            digest = await self._keyring.digest(key_id)
            if digest is None:
                raise _invalid()
            signature = _signature(secret, digest, payload)
            token = f"{TOKEN_PREFIX}{_encoded(payload)}.{_encoded(signature)}"
            if len(token) > LONGEST_TOKEN:
                message = (
                    f"the token would be longer than {LONGEST_TOKEN} characters: name fewer values"
                )
                raise Refusal(400, "invalid_request", message)
            if sessions is not None:
                await self._keyring.ask(
                    lambda: self._counts.add(
                        grant.id, key_id, sessions=sessions, expires=grant.expires
                    )
                )
        except TooManyTokensError as error:
            raise Refusal(
                429, "too_many_tokens", str(error), retry_after=error.retry_after
            ) from None
        except KeyStoreError as error:
            raise _unavailable(error) from None
        return grant, token

    async def find(self, token: str) -> Grant:
        """Return what a token allows; how many sessions are left is not asked.

        Raises:
            Refusal: 401, it is none, or has expired.
        """
        parts = _parts(token)
        if parts is None:
            raise _invalid()
        payload, signature = parts
        try:
            grant = _GRANT.decode(payload)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise _invalid() from None
        secret = await self._keyring.secret()
        digest = await self._keyring.digest(grant.key_id)
        if secret is None or digest is None:
            raise _invalid()
        if not hmac.compare_digest(_signature(secret, digest, payload), signature):
            raise _invalid()
        late = self._clock() - grant.expires
        if late >= 0:
            raise _expired(late)
        return grant

    async def use(self, grant: Grant) -> None:
        """Count a session that is opened.

        Raises:
            Refusal: 401, there is none left; 503, the database does not work.
        """
        await self._counted(grant, lambda: self._counts.take(grant.id))

    async def check(self, grant: Grant) -> None:
        """See whether a session could be opened.

        Raises:
            Refusal: 401, there is none left; 503, the database does not work.
        """
        await self._counted(grant, lambda: self._counts.remaining(grant.id) > 0)

    async def _counted(self, grant: Grant, question: Callable[[], bool]) -> None:
        if grant.sessions is None:
            return
        try:
            left = await self._keyring.ask(question)
        except KeyStoreError as error:
            raise _unavailable(error) from None
        if not left:
            raise _used_up(grant.sessions)


def is_token(text: str) -> bool:
    """Tell a token from a key by its beginning."""
    return text.startswith(TOKEN_PREFIX)


def _parts(token: str) -> tuple[bytes, bytes] | None:
    payload, dot, signature = token.removeprefix(TOKEN_PREFIX).partition(".")
    if not is_token(token) or not dot or len(token) > LONGEST_TOKEN:
        return None
    try:
        return _decoded(payload), _decoded(signature)
    except (ValueError, binascii.Error):
        return None


def _signature(secret: bytes, digest: bytes, payload: bytes) -> bytes:
    return hmac.digest(secret, digest + payload, "sha256")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _invalid() -> Refusal:
    message = "the token is none that this server has signed, or its key was revoked"
    return unauthorized("invalid_token", message, error="invalid_token")


def _expired(late: float) -> Refusal:
    whole = math.ceil(late)
    ago = "1 second" if whole <= 1 else f"{whole} seconds"
    message = f"the token expired {ago} ago: mint a new one with POST /v1/tokens"
    return unauthorized("token_expired", message, error="invalid_token")


def _used_up(sessions: int) -> Refusal:
    used = "one session, which has" if sessions == 1 else f"{sessions} sessions, which have"
    message = f"the token was for {used} been opened: mint a new one with POST /v1/tokens"
    return unauthorized("token_used_up", message, error="invalid_token")


def _unavailable(error: KeyStoreError) -> Refusal:
    logger.warning("tokens cannot be minted or counted: %s", error)
    message = "tokens cannot be minted or counted at the moment: the key database does not work"
    return Refusal(503, "tokens_unavailable", message, retry_after=RETRY_S)
