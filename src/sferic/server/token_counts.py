"""How many sessions tokens are still good for, where that is limited."""

import math
from collections.abc import Callable

import sqlalchemy as sa

from sferic.errors import KeyStoreError
from sferic.server.keys import METADATA, KeyDatabase

MOST_COUNTED = 10_000
"""Tokens of one key with a limited number of sessions that are in force at once."""

_COUNTS = sa.Table(
    "token_sessions",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("key_id", sa.String(32), nullable=False, index=True),
    sa.Column("remaining", sa.Integer, nullable=False),
    sa.Column("expires", sa.Float, nullable=False, index=True),
)


class TooManyTokensError(KeyStoreError):
    """A key has as many tokens with a limited number of sessions as it may.

    Attributes:
        retry_after: Whole seconds until the first of them expires.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"this key has {MOST_COUNTED} tokens in force with a limited number of sessions, which "
            "is as many as it may. Wait until some expire, or mint them for a shorter time"
        )
        self.retry_after = retry_after


class TokenCounts:
    """The counts, beside the keys. Every method blocks and may be called from any thread.

    Args:
        database: Where the keys are.
        clock: Seconds since 1970.
    """

    def __init__(self, database: KeyDatabase, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add(self, token_id: str, key_id: str, *, sessions: int, expires: float) -> None:
        """Begin to count a token, and forget those that have expired.

        Raises:
            TooManyTokensError: the key has as many as it may.
            KeyStoreError: the database cannot be written.
        """
        now = self._clock()
        of_key = _COUNTS.c.key_id == key_id
        query = sa.select(sa.func.count(), sa.func.min(_COUNTS.c.expires)).where(of_key)
        self._database.prepare()
        with self._database.transaction() as connection:
            connection.execute(_COUNTS.delete().where(_COUNTS.c.expires < now))
            count, first = connection.execute(query).one()
            if count >= MOST_COUNTED:
                raise TooManyTokensError(max(1, math.ceil(first - now)))
            row = {"id": token_id, "key_id": key_id, "remaining": sessions, "expires": expires}
            connection.execute(_COUNTS.insert().values(**row))

    def take(self, token_id: str) -> bool:
        """Take one session of a token; return whether there was one left.

        Raises:
            KeyStoreError: the database cannot be written.
        """
        one = (
            _COUNTS.update()
            .where(_COUNTS.c.id == token_id, _COUNTS.c.remaining > 0)
            .values(remaining=_COUNTS.c.remaining - 1)
        )
        with self._database.transaction() as connection:
            return connection.execute(one).rowcount > 0

    def remaining(self, token_id: str) -> int:
        """Return how many sessions are left.

        Raises:
            KeyStoreError: the database cannot be read.
        """
        query = sa.select(_COUNTS.c.remaining).where(_COUNTS.c.id == token_id)
        return self._database.read(
            lambda connection: connection.execute(query).scalar() or 0, 0, table=_COUNTS.name
        )
