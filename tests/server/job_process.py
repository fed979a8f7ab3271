"""A process that does jobs: what a test kills.

python job_process.py DATABASE FOLDER WEBHOOK

It reads names from standard input, promises a job for each, says so on standard output once that is
stored, and does and delivers what it has promised, whenever it was. Transcribing is a short wait.
"""

import asyncio
import os
import random
import sys
import time
from pathlib import Path

from sferic.server.delivering import Courier
from sferic.server.folders import Folders
from sferic.server.guard import Guard
from sferic.server.job_database import Job, JobDatabase, State
from sferic.server.jobs import Jobs
from sferic.server.spool import Room, Spool


async def transcribe(job: Job, path: Path) -> tuple[bytes, bool]:
    audio = await asyncio.to_thread(path.read_bytes)
    await asyncio.sleep(random.uniform(0.0, 0.02))
    return b'{"request_id":"%s","heard":"%s"}' % (job.id.encode(), audio), True


async def main(database: str, folder: Path, webhook: str) -> None:
    room, folders = Room(10**9), Folders(folder)
    jobs = Jobs(
        JobDatabase(database),
        folders,
        room,
        transcribe=transcribe,
        courier=Courier(Guard(["127.0.0.1"]), within=5),
        turns=asyncio.Semaphore(4),
        most=10_000,
        attempts=1_000,
        retention=10**6,
        first_wait=0.05,
        starts=1_000,
    )
    await jobs.open()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    while name := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        with Spool.named(folders.path(folders.own, name), room, limit=1000) as spool:
            await spool.fill(_chunks(name))
            await spool.keep()
            job = Job(
                id=name,
                key_id=f"key-{len(name)}",
                folder=folders.own,
                created=time.time(),
                state=State.WAITING,
                request=b"",
                webhook_url=webhook,
            )
            assert await jobs.add(job)
        os.write(1, f"{name}\n".encode())
    await asyncio.Event().wait()


async def _chunks(name: str):  # type: ignore[no-untyped-def]
    yield b"audio of "
    yield name.encode()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
