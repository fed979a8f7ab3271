"""Keys at rest: made, listed, revoked, and never stored.

A key is 256 random bits. What is stored is its SHA-256: nobody can try enough candidates to invert
that, so a slow password hash would add nothing but a way to keep the server busy.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from platformdirs import user_data_path
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from sferic.errors import KeyStoreError, UnknownKeyError
from sferic.server.files import make_private

KEY_PREFIX = "sferic_"
"""What every key begins with, so that scanners find one that leaked."""

MOST_KEYS = 100_000
"""Keys in force at once: a server keeps the hashes of all of them in memory."""

_Answer = TypeVar("_Answer")

METADATA = sa.MetaData()
"""The tables beside keys; whoever has one of them here defines it in it."""
_KEYS = sa.Table(
    "keys",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("revoked", sa.BigInteger),
)
_CHANGES = sa.Table(
    "key_changes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
)
_SECRETS = sa.Table(
    "secrets",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("secret", sa.LargeBinary(32), nullable=False),
)


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a key; the key itself is not."""

    id: str
    name: str
    created: datetime
    revoked: datetime | None


def new_key() -> str:
    """Return a key of 256 random bits in characters that a subprotocol may hold."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def digest_of(key: str) -> bytes:
    """Return what is stored of a key: its SHA-256."""
    return hashlib.sha256(key.encode()).digest()


def data_folder() -> Path:
    """Where keys live unless told otherwise."""
    return user_data_path("sferic", appauthor=False)


class KeyDatabase:
    """The stored keys. Every method blocks and may be called from any thread.

    Args:
        where: A SQLite file, or an SQLAlchemy URL; unset, `keys.db` in the user's data folder. A
            file and its tables are made by the first `create`, readable for the owner only.
    """

    def __init__(self, where: str | None = None) -> None:
        where = where or str(data_folder() / "keys.db")
        self._file = None if "://" in where else Path(where).expanduser()
        try:
            url = sa.URL.create("sqlite", database=where) if self._file else sa.make_url(where)
            if url.get_backend_name() == "sqlite" and url.database:
                self._file = Path(url.database)
            self.shown = url.render_as_string(hide_password=True)
            # A file may be replaced by its backup: a connection kept open would not notice.
            pool = NullPool if self._file else None
            self._engine = sa.create_engine(url, poolclass=pool, hide_parameters=True)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            shown = where if self._file else where.partition("://")[0] + "://…"
            message = f"the key database {shown} cannot be used: {_reason(error)}"
            raise KeyStoreError(message) from None
        if self._file:
            self.shown = str(self._file)

    def create(self, name: str = "") -> tuple[KeyRecord, str]:
        """Make a key and store its hash.

        Returns:
            What is known of the key from now on, and the key, which cannot be had again.

        Raises:
            KeyStoreError: the database cannot be written, or holds as many keys as it may.
        """
        key = new_key()
        row = {
            "id": f"key_{secrets.token_hex(4)}",
            "name": name[:200],
            "digest": digest_of(key),
            "created": int(time.time()),
            "revoked": None,
        }
        self.prepare()
        with self.transaction() as connection:
            live = sa.select(sa.func.count()).where(_KEYS.c.revoked.is_(None))
            if connection.execute(live).scalar_one() >= MOST_KEYS:
                message = f"there are {MOST_KEYS} keys already; revoke some first"
                raise KeyStoreError(message)
            connection.execute(_KEYS.insert().values(**row))
            _count_change(connection)
        return _record(row), key

    def list(self) -> tuple[KeyRecord, ...]:
        """Return all keys, revoked ones included, oldest first.

        Raises:
            KeyStoreError: the database cannot be read.
        """
        query = sa.select(_KEYS).order_by(_KEYS.c.created, _KEYS.c.id)
        return self.read(
            lambda connection: tuple(_record(row._asdict()) for row in connection.execute(query)),
            (),
        )

    def revoke(self, key_id: str) -> None:
        """Put a key out of force for good; doing so again changes nothing.

        Raises:
            UnknownKeyError: there is no such key.
            KeyStoreError: the database cannot be written.
        """
        if not any(record.id == key_id for record in self.list()):
            raise UnknownKeyError(key_id)
        revoke = (
            _KEYS.update()
            .where(_KEYS.c.id == key_id, _KEYS.c.revoked.is_(None))
            .values(revoked=int(time.time()))
        )
        with self.transaction() as connection:
            connection.execute(revoke)
            _count_change(connection)

    def version(self) -> int:
        """Return a number that every change makes larger; 0 before the first.

        Raises:
            KeyStoreError: the database cannot be read.
        """
        query = sa.select(sa.func.max(_CHANGES.c.version))
        return self.read(lambda connection: connection.execute(query).scalar() or 0, 0)

    def digests(self) -> dict[str, bytes]:
        """Return the hashes of the keys in force, by id of the key.

        Raises:
            KeyStoreError: the database cannot be read.
        """
        query = sa.select(_KEYS.c.id, _KEYS.c.digest).where(_KEYS.c.revoked.is_(None))
        return self.read(
            lambda connection: {row.id: bytes(row.digest) for row in connection.execute(query)}, {}
        )

    def secret(self) -> bytes | None:
        """Return what the servers of this database sign with; None before `make_secret`.

        Raises:
            KeyStoreError: the database cannot be read.
        """
        query = sa.select(_SECRETS.c.secret)
        return self.read(
            lambda connection: connection.execute(query).scalar(), None, table="secrets"
        )

    def make_secret(self) -> bytes:
        """Return 256 random bits to sign with, the same for all who share the database.

        Raises:
            KeyStoreError: the database cannot be written.
        """
        self.prepare()
        if (known := self.secret()) is not None:
            return known
        secret = secrets.token_bytes(32)
        try:
            with self.transaction() as connection:
                connection.execute(_SECRETS.insert().values(id=1, secret=secret))
                _count_change(connection)
        except KeyStoreError:
            if (known := self.secret()) is None:
                raise
            return known  # another server was faster
        return secret

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def prepare(self) -> None:
        """Make the file, for the owner only, and the tables, where they are missing.

        Raises:
            KeyStoreError: the database cannot be written.
        """
        try:
            if self._file:
                make_private(self._file)
        except OSError as error:
            message = f"the key database {self.shown} cannot be written: {error.strerror}"
            raise KeyStoreError(message) from None
        with self.transaction() as connection:
            METADATA.create_all(connection)

    def read(
        self, query: Callable[[sa.Connection], _Answer], none: _Answer, *, table: str = "keys"
    ) -> _Answer:
        """Ask the database; where nobody has made the table yet, there is nothing to ask.

        Raises:
            KeyStoreError: the database cannot be read.
        """
        if self._file and not self._file.exists():
            return none
        with self.transaction() as connection:
            return query(connection) if sa.inspect(connection).has_table(table) else none

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Talk to the database; what is said counts at the end, or not at all.

        Raises:
            KeyStoreError: the database does not work.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            message = f"the key database {self.shown} does not work: {_reason(error)}"
            raise KeyStoreError(message) from None


def development_key() -> tuple[str, bool]:
    """Return the key of `--dev` servers, the same at every start on this machine.

    It is in a file of its own, readable for the owner only, because a hash cannot be printed
    again. Only a `--dev` server takes it, and that listens on loopback only.

    Returns:
        The key, and whether it could be kept.
    """
    path = data_folder() / "development-key"
    try:
        kept = path.read_text(encoding="ascii").strip()
        if kept.startswith(KEY_PREFIX):
            return kept, True
    except (OSError, UnicodeDecodeError):
        pass
    key = new_key()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + "\n")
    except OSError:
        return key, False
    return key, True


def _count_change(connection: sa.Connection) -> None:
    counted = connection.execute(_CHANGES.update().values(version=_CHANGES.c.version + 1))
    if not counted.rowcount:
        connection.execute(_CHANGES.insert().values(id=1, version=1))


def _record(row: Mapping[str, Any]) -> KeyRecord:
    return KeyRecord(
        id=row["id"],
        name=row["name"],
        created=datetime.fromtimestamp(row["created"], UTC),
        revoked=None if row["revoked"] is None else datetime.fromtimestamp(row["revoked"], UTC),
    )


def _reason(error: Exception) -> str:
    """The driver's own words, without statement and parameters."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]
