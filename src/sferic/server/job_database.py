"""Jobs at rest: what was asked for, what came of it, and how far its delivery is.

Whatever is promised to a client is written here before it is promised, and whatever is done is
written when it is done. A process may be killed between any two statements.
"""

import secrets
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from sferic.errors import JobStoreError
from sferic.server.files import make_private
from sferic.server.keys import data_folder

_METADATA = sa.MetaData()
_JOBS = sa.Table(
    "jobs",
    _METADATA,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("folder", sa.String(64), nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("starts", sa.Integer, nullable=False, default=0),
    sa.Column("webhook_url", sa.Text),
    sa.Column("webhook_method", sa.String(8), nullable=False),
    sa.Column("webhook_extra", sa.Text),
    sa.Column("result", sa.LargeBinary),
    sa.Column("succeeded", sa.Boolean),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("due", sa.Double, nullable=False, default=0.0),
    sa.Column("outcome", sa.Text),
    sa.Column("ended", sa.Double),
    sa.Index("jobs_by_state", "folder", "state", "due"),
    sa.Index("jobs_by_end", "ended"),
)
_SECRETS = sa.Table(
    "job_secrets",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("secret", sa.LargeBinary(32), nullable=False),
)


class State(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    TRANSCRIBING = "transcribing"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


ENDED = (State.DELIVERED, State.UNDELIVERED)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job, as it is stored."""

    id: str
    key_id: str
    folder: str
    """Of the recordings of the server that does it."""
    created: float
    """By the clock on the wall, as are all times here."""
    state: State
    request: bytes
    """What was asked for, as JSON."""
    source: str | None = None
    """Where to fetch the recording; unset, it lies in the folder, or is not needed any more."""
    starts: int = 0
    """How often it was begun."""
    webhook_url: str
    webhook_method: str = "POST"
    webhook_extra: str | None = None
    result: bytes | None = None
    """What is delivered, as JSON."""
    succeeded: bool | None = None
    """Whether that is a transcript."""
    attempts: int = 0
    """Deliveries that were begun."""
    due: float = 0.0
    """When the next one is."""
    outcome: str | None = None
    """What the last one came to."""
    ended: float | None = None

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.state}>"


class JobDatabase:
    """The stored jobs. Every method blocks; all of them are called from one thread.

    Args:
        where: A SQLite file, or an SQLAlchemy URL; unset, `jobs.db` in the user's data folder. A
            file is made readable for the owner only.

    Raises:
        JobStoreError: It is not usable.
    """

    def __init__(self, where: str | None = None) -> None:
        where = where or str(data_folder() / "jobs.db")
        self._file = None if "://" in where else Path(where).expanduser()
        try:
            url = sa.URL.create("sqlite", database=where) if self._file else sa.make_url(where)
            if url.get_backend_name() == "sqlite" and url.database:
                self._file = Path(url.database)
            self.shown = str(self._file or url.render_as_string(hide_password=True))
            pool = NullPool if self._file else None
            self._engine = sa.create_engine(url, poolclass=pool, hide_parameters=True)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            shown = where if self._file else where.partition("://")[0] + "://…"
            message = f"the job database {shown} cannot be used: {_reason(error)}"
            raise JobStoreError(message) from None

    @property
    def exists(self) -> bool:
        """Whether there may be jobs in it."""
        return self._file is None or self._file.exists()

    def prepare(self) -> None:
        """Make what is missing: the file, for the owner only, and the tables.

        Raises:
            JobStoreError: It cannot be written.
        """
        try:
            if self._file:
                make_private(self._file)
        except OSError as error:
            message = f"the job database {self.shown} cannot be written: {error.strerror}"
            raise JobStoreError(message) from None
        with self._transaction() as connection:
            _METADATA.create_all(connection)

    def secret(self) -> bytes:
        """Return 256 random bits that belong to this database, made when first asked for."""
        query = sa.select(_SECRETS.c.secret)
        with self._transaction() as connection:
            if (known := connection.execute(query).scalar()) is not None:
                return bytes(known)
        try:
            with self._transaction() as connection:
                made = {"id": 1, "secret": secrets.token_bytes(32)}
                connection.execute(_SECRETS.insert().values(**made))
        except JobStoreError:
            pass  # another server was faster
        with self._transaction() as connection:
            return bytes(connection.execute(query).scalar_one())

    def add(self, job: Job, *, most: int) -> bool:
        """Store a new job; False if there are so many that have not ended."""
        with self._transaction() as connection:
            open_ones = sa.select(sa.func.count()).where(
                _JOBS.c.folder == job.folder, _JOBS.c.ended.is_(None)
            )
            if connection.execute(open_ones).scalar_one() >= most:
                return False
            connection.execute(_JOBS.insert().values(**msgspec.structs.asdict(job)))
            return True

    def get(self, job_id: str, key_id: str) -> Job | None:
        """Return a job, if there is such a one of that key."""
        query = sa.select(_JOBS).where(_JOBS.c.id == job_id, _JOBS.c.key_id == key_id)
        with self._transaction() as connection:
            row = connection.execute(query).first()
            return None if row is None else _job(row._asdict())

    def recover(self, folders: Collection[str], *, own: str) -> set[str]:
        """Have what was being done when a process died done again.

        Args:
            folders: Those it left.
            own: The one that goes on with jobs that have nothing in those.

        Returns:
            The jobs whose recordings are still needed.
        """
        left, began = _JOBS.c.folder.in_(folders), _JOBS.c.state == State.TRANSCRIBING
        waiting, fetched = _JOBS.c.state == State.WAITING, _JOBS.c.source.is_not(None)
        bare = sa.or_(_JOBS.c.state == State.DELIVERING, sa.and_(waiting, fetched))
        with self._transaction() as connection:
            connection.execute(_JOBS.update().where(left, began).values(state=State.WAITING))
            connection.execute(_JOBS.update().where(left, bare).values(folder=own))
            needed = sa.select(_JOBS.c.id).where(left, waiting)
            return set(connection.execute(needed).scalars())

    def begin(self, folders: Collection[str], *, busy: Collection[str]) -> Job | None:
        """Take the job that is next: the oldest, of keys that have none in work if there is one.

        One that was in work when a process died comes behind those that were not.

        Args:
            folders: Those that belong to this server.
            busy: Keys that have some in work.
        """
        waiting = sa.and_(_JOBS.c.folder.in_(folders), _JOBS.c.state == State.WAITING)
        order = (_JOBS.c.starts, _JOBS.c.created, _JOBS.c.id)
        oldest = sa.select(_JOBS).where(waiting).order_by(*order).limit(1)
        with self._transaction() as connection:
            fair = oldest.where(_JOBS.c.key_id.not_in(busy))
            row = connection.execute(fair).first() or connection.execute(oldest).first()
            if row is None:
                return None
            change = {"state": State.TRANSCRIBING, "starts": row.starts + 1}
            connection.execute(_JOBS.update().where(_JOBS.c.id == row.id).values(**change))
            return _job({**row._asdict(), **change})

    def put_back(self, job_id: str) -> None:
        """Have a job begun anew, as if it had not been: the server stops."""
        back = {"state": State.WAITING, "starts": _JOBS.c.starts - 1}
        with self._transaction() as connection:
            connection.execute(
                _JOBS.update()
                .where(_JOBS.c.id == job_id, _JOBS.c.state == State.TRANSCRIBING)
                .values(**back)
            )

    def finish(self, job_id: str, result: bytes, *, succeeded: bool) -> None:
        """Store what came of a job; its delivery is due."""
        change = {
            "state": State.DELIVERING,
            "result": result,
            "succeeded": succeeded,
            "due": time.time(),
            "source": None,
        }
        with self._transaction() as connection:
            connection.execute(
                _JOBS.update()
                .where(_JOBS.c.id == job_id, _JOBS.c.state == State.TRANSCRIBING)
                .values(**change)
            )

    def due(
        self, folders: Collection[str], *, under_way: Collection[str], busy: Collection[str]
    ) -> tuple[Job | None, float | None]:
        """Return the job whose delivery is due, and the time at which the next one is.

        Args:
            folders: Those that belong to this server.
            under_way: Jobs that are being delivered.
            busy: Keys that have as many under way as they may.
        """
        query = (
            sa.select(_JOBS)
            .where(
                _JOBS.c.folder.in_(folders),
                _JOBS.c.state == State.DELIVERING,
                _JOBS.c.id.not_in(under_way),
                _JOBS.c.key_id.not_in(busy),
            )
            .order_by(_JOBS.c.due, _JOBS.c.id)
            .limit(1)
        )
        with self._transaction() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None, None
        return (_job(row._asdict()), None) if row.due <= time.time() else (None, row.due)

    def attempt(self, job_id: str, *, again: float) -> None:
        """Note that a delivery begins, and when the next one is should nobody hear of this one."""
        change = {"attempts": _JOBS.c.attempts + 1, "due": again}
        with self._transaction() as connection:
            connection.execute(_JOBS.update().where(_JOBS.c.id == job_id).values(**change))

    def settle(self, job_id: str, outcome: str, *, state: State) -> None:
        """Note what a delivery came to."""
        ended = time.time() if state in ENDED else None
        change = {"state": state, "outcome": outcome, "ended": ended}
        with self._transaction() as connection:
            connection.execute(
                _JOBS.update()
                .where(_JOBS.c.id == job_id, _JOBS.c.state == State.DELIVERING)
                .values(**change)
            )

    def forget(self, *, before: float) -> int:
        """Remove jobs that ended before a time; return how many."""
        with self._transaction() as connection:
            return connection.execute(_JOBS.delete().where(_JOBS.c.ended < before)).rowcount

    def count(self, folders: Collection[str]) -> Mapping[str, int]:
        """Return how many jobs there are, by state."""
        query = (
            sa.select(_JOBS.c.state, sa.func.count())
            .where(_JOBS.c.folder.in_(folders))
            .group_by(_JOBS.c.state)
        )
        with self._transaction() as connection:
            return {state: count for state, count in connection.execute(query)}  # noqa: C416

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            message = f"the job database {self.shown} does not work: {_reason(error)}"
            raise JobStoreError(message) from None


def _job(row: Mapping[str, Any]) -> Job:
    fields: Sequence[str] = Job.__struct_fields__
    return Job(**{**{name: row[name] for name in fields}, "state": State(row["state"])})


def _reason(error: Exception) -> str:
    """The driver's own words, without statement and parameters."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]
