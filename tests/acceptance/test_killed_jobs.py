"""A process that does jobs is killed at random points, a hundred times."""

import contextlib
import http.server
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sferic.server.jobs import DELIVERIES_AT_ONCE

KILLS = 100
_PROGRAM = Path(__file__).parents[1] / "server" / "job_process.py"


class Receiver(http.server.ThreadingHTTPServer):
    """Counts deliveries by their id, and dedupes nothing; every fifth is refused."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.accepted: Counter[str] = Counter()
        self.bodies: dict[str, bytes] = {}
        self.lock = threading.Lock()
        self.seen = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.seen += 1
            accepts = self.server.seen % 5 != 0
            if accepts:
                self.server.accepted[self.headers["webhook-id"]] += 1
                self.server.bodies[self.headers["webhook-id"]] = body
        with contextlib.suppress(OSError):
            self.send_response(204 if accepts else 503)
            self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever)
    thread.start()
    yield receiver
    receiver.shutdown()
    thread.join()
    receiver.server_close()


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_no_delivery_is_lost_and_none_that_was_noted_is_made_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    """Repeated are only deliveries that were made and not yet noted when the process died."""
    database = tmp_path / "jobs.db"
    promised: set[str] = set()
    excused: dict[str, int] = {}
    number = 0
    for kill in range(KILLS + 1):
        with _process(database, tmp_path / "spool", receiver.url) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            if kill == KILLS:
                _until(lambda: not promised - _noted(database))
                break
            names = [f"job-{number + n}" for n in range(random.randrange(6))]
            number += len(names)
            reading = threading.Thread(target=_read, args=(process.stdout, promised))
            reading.start()
            process.stdin.write("".join(f"{name}\n" for name in names))
            process.stdin.flush()
            time.sleep(random.uniform(0.0, 0.15))
            process.kill()
            process.wait()
            reading.join()
        noted = _noted(database)
        with receiver.lock:
            unnoted = {one: n for one, n in receiver.accepted.items() if one not in noted}
        lately = [one for one, count in unnoted.items() if excused.get(one) != count]
        assert len(lately) <= DELIVERIES_AT_ONCE
        excused |= unnoted
    assert len(promised) > KILLS
    assert promised <= receiver.accepted.keys()
    repeated = {one: count - 1 for one, count in receiver.accepted.items() if count > 1}
    assert all(count <= excused.get(one, 0) for one, count in repeated.items()), (repeated, excused)
    for one in promised:
        assert receiver.bodies[one] == f'{{"request_id":"{one}","heard":"audio of {one}"}}'.encode()
    assert [path for path in (tmp_path / "spool").glob("*/*") if path.is_file()] == []


@contextlib.contextmanager
def _process(database: Path, folder: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(_PROGRAM), str(database), str(folder), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                assert stream is not None
                stream.close()


def _read(stream: Iterator[str], promised: set[str]) -> None:
    promised.update(line.strip() for line in stream if line.endswith("\n"))


def _noted(database: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return {row[0] for row in connection.execute("select id from jobs where ended is not null")}


def _until(condition: object, within: float = 60) -> None:
    assert callable(condition)
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
