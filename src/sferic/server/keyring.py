"""Keys at work: every hash in memory, so that a connection costs no look at the database."""

import asyncio
import hmac
import logging
import math
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sferic.config import KEY_CHARACTERS
from sferic.errors import KeyStoreError
from sferic.server.keys import KeyDatabase, digest_of

REFRESH_S = 2.0
"""Seconds between looks at the database: a revoked key works no longer than that."""

MISS_PAUSE_S = 0.5
"""An unknown key makes the database be looked at, in case it is new, but not more often than this;
it waits for that look, however many do."""

ANSWER_WITHIN_S = 5.0
"""Seconds that the database has for an answer that somebody cannot do without."""

logger = logging.getLogger(__name__)

_Index = Mapping[bytes, tuple[str, bytes]]
_Answer = TypeVar("_Answer")


class Keyring:
    """Says whose key it is.

    Keys are looked up under an HMAC of their hash with a secret of this process and then compared
    in constant time: how long an answer takes says nothing about the keys there are.

    When the database stops answering, the keys known so far stay in force.

    Args:
        database: The stored keys.
        static: Keys that count without a database, by id.
    """

    def __init__(self, database: KeyDatabase, static: Mapping[str, str]) -> None:
        self._database = database
        self._static = {key_id: digest_of(key) for key_id, key in static.items()}
        self._blind = secrets.token_bytes(32)
        self._index: _Index = self._indexed({})
        self._digests = dict(self._index.values())
        self._secret: bytes | None = None
        self._version = 0
        self._looked = -math.inf
        self._failing = False
        self._look: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="sferic-keys")
        self.on_revoked: Callable[[frozenset[str]], None] = lambda _: None
        """Called on the event loop with the ids of keys that have gone out of force."""

    async def start(self) -> None:
        """Read the keys and go on watching for changes."""
        await self._refresh()
        self._watch = asyncio.create_task(self._keep_fresh())

    async def stop(self) -> None:
        """Stop watching."""
        tasks = [task for task in (self._watch, self._look) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def find(self, key: str) -> str | None:
        """Return the id of a key in force, None for any other text."""
        if not KEY_CHARACTERS.fullmatch(key):
            return None
        found = self._match(key)
        if found is None:
            await self._refresh()
            found = self._match(key)
        return found

    async def digest(self, key_id: str) -> bytes | None:
        """Return the hash of a key in force by its id, None where there is none."""
        found = self._digests.get(key_id)
        if found is None:
            await self._refresh()
            found = self._digests.get(key_id)
        return found

    async def secret(self) -> bytes | None:
        """Return what tokens are signed with, None while there is none."""
        if self._secret is None:
            await self._refresh()
        return self._secret

    async def make_secret(self) -> bytes:
        """Return what tokens are signed with; the first call stores it.

        Raises:
            KeyStoreError: the database cannot be written, or does not answer.
        """
        if self._secret is None:
            self._secret = await self.ask(self._database.make_secret)
        return self._secret

    async def ask(self, question: Callable[[], _Answer]) -> _Answer:
        """Ask the database on the thread that does so, and not for ever.

        Raises:
            KeyStoreError: the database does not work, or does not answer.
        """
        asked = asyncio.get_running_loop().run_in_executor(self._executor, question)
        try:
            return await asyncio.wait_for(asked, ANSWER_WITHIN_S)
        except TimeoutError:
            message = f"the key database {self._database.shown} does not answer"
            raise KeyStoreError(message) from None

    def _match(self, key: str) -> str | None:
        digest = digest_of(key)
        key_id, stored = self._index.get(self._blinded(digest), (None, b""))
        return key_id if hmac.compare_digest(stored, digest) else None

    def _blinded(self, digest: bytes) -> bytes:
        return hmac.digest(self._blind, digest, "sha256")

    def _indexed(self, stored: Mapping[str, bytes]) -> _Index:
        digests = {**stored, **self._static}
        return {self._blinded(digest): (key_id, digest) for key_id, digest in digests.items()}

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            await self._refresh()

    async def _refresh(self) -> None:
        """Look at the database, at most once at a time however many ask, and not for ever."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_soon())
        await asyncio.wait({self._look}, timeout=REFRESH_S)

    async def _look_soon(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._looked + MISS_PAUSE_S - loop.time())
        self._looked = loop.time()
        try:
            changed = await loop.run_in_executor(self._executor, self._load_changes)
        except KeyStoreError as error:
            if not self._failing:
                logger.warning("%s; the keys known so far stay in force", error)
            self._failing = True
        else:
            self._failing = False
            if changed is not None:
                self._adopt(*changed)

    def _load_changes(self) -> tuple[int, _Index, bytes | None] | None:
        version = self._database.version()
        if version == self._version:
            return None
        return version, self._indexed(self._database.digests()), self._database.secret()

    def _adopt(self, version: int, index: _Index, secret: bytes | None) -> None:
        digests = dict(index.values())
        gone = self._digests.keys() - digests.keys()
        self._version, self._index, self._digests = version, index, digests
        self._secret = secret
        if gone:
            self.on_revoked(frozenset(gone))
