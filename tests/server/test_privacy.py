"""The promise of redaction, held against a real server: nothing secret leaves it.

A few hundred sessions each time; as many as SFERIC_TEST_PRIVACY_SESSIONS says otherwise, from
SFERIC_TEST_PRIVACY_SEED on:

    SFERIC_TEST_PRIVACY_SESSIONS=10000 pytest tests/server/test_privacy.py --timeout=0
"""

import asyncio
import itertools
import json
import logging
import os
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import accumulate, pairwise
from typing import Any
from urllib.parse import urlencode

import msgspec
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from conversations import CANARY, PLACEHOLDER, Conversation, conversation
from engines import FakeEngine, Samples, fake_recognizer, linear16, say, silence
from noise import noisy
from phrasebook import LANGUAGES
from server.harness import Running, Start
from sferic.protocol.dialects import DIALECTS, Dialect
from sferic.protocol.options import Options
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.recognizer import Recognizer
from sferic.server.backend import Backend, Stream
from sferic.session import Session

SESSIONS = int(os.environ.get("SFERIC_TEST_PRIVACY_SESSIONS", "200"))
SEED = int(os.environ.get("SFERIC_TEST_PRIVACY_SEED", "1"))
AT_ONCE = 6
MOST_TOLD = 30
"""Sessions that a failure tells about."""
MOST_WORDS = 110
"""Words of a conversation: the numbers that an engine knows are shared by those held at once."""
SOUND = 4000
"""Samples of a word."""
IDLE_S = 3.3
"""Seconds without a message after which the server ends a session: more than anything waits."""
FINALIZE = ('{"type":"finalize"}', '{"flag":"END"}')
CLOSE = '{"type":"close_stream"}'
ENDINGS = {
    FINALIZE[0]: 100,
    FINALIZE[1]: 10,
    CLOSE: 60,
    '{"type":"end"}': 10,
    "leave": 20,
    "idle": 1,
}
"""How a client ends a session, with weights: what it says, or going away, or saying nothing."""
_NUMBER = re.compile(r"w(\d+)")


class ScriptedEngine(FakeEngine):
    """Knows conversations by heart, and is not as sure while somebody speaks."""

    def __init__(self) -> None:
        super().__init__(languages=LANGUAGES, parallel=2)
        self.finals: dict[int, str] = {}
        self.drafts: dict[int, str] = {}

    def transcribe(self, samples: Samples, *, draft: bool = False, **request: Any) -> Hypothesis:
        hypothesis = super().transcribe(samples, draft=draft, **request)
        self.calls.clear()
        script = self.drafts if draft else self.finals
        words = [self._named(word, script, draft=draft) for word in hypothesis.words]
        return Hypothesis(words=tuple(words), language=request["languages"][0])

    def _named(self, word: Word, script: dict[int, str], *, draft: bool) -> Word:
        found = _NUMBER.fullmatch(word.text)
        if found is None:
            return word  # of a prefix
        number = int(found[1])
        confidence = 0.5 if draft and number % 17 == 0 else 0.9
        return msgspec.structs.replace(word, text=script[number], confidence=confidence)


class Watch(logging.Handler):
    """Keeps what has been logged since it was last asked, whoever logged it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # What the client of this test logs is on its own side of the socket.
        if not record.name.startswith("websockets.client"):
            self.lines.append(self.format(record))

    def taken(self) -> str:
        lines, self.lines = self.lines, []
        return "\n".join(lines)


class Talk(msgspec.Struct, frozen=True):
    """A conversation, how it sounds, and how it is asked for."""

    seed: str
    said: Conversation
    audio: bytes
    chunks: tuple[int, ...]
    query: dict[str, Any]
    path: str
    turns: tuple[int, ...]
    """Bytes after which a turn is finalized, between two words."""
    ending: str


@pytest.fixture
def watch(_no_secret_in_any_log: None) -> Iterator[Watch]:
    watch = Watch()
    root = logging.getLogger()
    root.addHandler(watch)
    # What pytest keeps of it would fill the memory.
    others = [handler for handler in root.handlers if handler is not watch]
    levels = [handler.level for handler in others]
    for handler in others:
        handler.setLevel(logging.CRITICAL)
    yield watch
    root.removeHandler(watch)
    for handler, level in zip(others, levels, strict=True):
        handler.setLevel(level)


async def test_nothing_that_is_redacted_leaves_the_server(start: Start, watch: Watch) -> None:
    engine = ScriptedEngine()
    recognizer = fake_recognizer(engine, partial_interval=0.3)
    running = await start(
        backend=_backend(recognizer), max_sessions_per_key=0, idle_timeout_s=IDLE_S
    )
    running.recognizer.check = lambda options: None  # type: ignore[method-assign]
    problems: dict[str, str] = {}
    partials = masked = heard = ended = 0
    try:
        for first in range(0, SESSIONS, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, SESSIONS))
            talks = [_talk(engine, number, slot) for slot, number in enumerate(numbers)]
            answers = await asyncio.gather(*(_converse(running, talk) for talk in talks))
            metrics = (await running.get("/metrics")).text
            logged = watch.taken()
            for talk, messages in zip(talks, answers, strict=True):
                leaks = _leaks(talk, messages)
                for place, raw in (("log", logged), ("metrics", metrics)):
                    leaks += [f"{one} in the {place}" for one in talk.said.traces(raw)]
                if leaks:
                    problems[talk.seed] = f"{leaks[0]}; said: {' '.join(talk.said.words)}"
                shown = [json.loads(one) for one in messages]
                partials += sum(not one.get("is_final", True) for one in shown)
                masked += sum(bool(one.get("redacted_entities")) for one in shown)
                whole = talk.ending != "leave"
                ended += whole
                spoken = (one.get("transcript", "").lower() for one in shown)
                heard += whole and any(CANARY in one for one in spoken)
    finally:
        await asyncio.to_thread(recognizer.close)
    told = "\n".join(f"{seed}: {leak}" for seed, leak in list(problems.items())[:MOST_TOLD])
    assert not problems, f"{len(problems)} of {SESSIONS} sessions leak:\n{told}"
    # It is no silence that keeps the secrets.
    assert heard > 0.95 * ended
    assert partials > SESSIONS // 4  # there are fewer where the machine is busy
    assert masked > 0.9 * SESSIONS


def _backend(recognizer: Recognizer) -> Backend:
    def open_stream(
        options: Options, _: object, dialect: Dialect
    ) -> AbstractAsyncContextManager[Stream]:
        return Session(options, recognizer=recognizer, dialect=dialect)

    def load(_: object) -> Any:
        raise AssertionError

    return Backend(load=load, open=open_stream)


def _talk(engine: ScriptedEngine, number: int, slot: int) -> Talk:
    """Make a conversation up, and teach the engine to hear it."""
    seed = f"{SEED}-{number}"
    chance = random.Random(seed)
    language = chance.choices(LANGUAGES, (5, *(1 for _ in LANGUAGES[1:])))[0]
    wanted = chance.choice(("both", "both", "pii", "pci"))
    pii, pci = wanted != "pci", wanted != "pii"
    said = conversation(chance, language, pii=pii, pci=pci)
    while len(said.words) > MOST_WORDS:
        said = conversation(chance, language, pii=pii, pci=pci)
    words = said.words
    base = slot * MOST_WORDS
    finals, drafts = noisy(chance, words, language), noisy(chance, words, language)
    engine.finals |= {base + place: word for place, word in enumerate(finals)}
    engine.drafts |= {base + place: word for place, word in enumerate(drafts)}
    sounds = _sounds(chance, base, len(words))
    audio = linear16(*sounds)
    chunks = tuple(chance.choice((999, 3200, 16_000, 64_000)) for _ in range(8))
    query = {
        "language": language,
        "redact_pii": pii,
        "redact_pci": pci,
        "numerals": chance.choice(("auto", "true", "false")),
        "endpointing": chance.random() < 0.8,
        "endpointing_timeout": chance.choice((100, 300, 600)),
        "eou_timeout_ms": chance.choice((100, 300, 800, 2000)),
        "finalize_on_words": chance.random() < 0.8,
        "full_transcript": chance.random() < 0.5,
        "sentence_timestamps": chance.random() < 0.5,
        "word_timestamps": chance.random() < 0.8,
        "diarize": False,
        "format": chance.random() < 0.7,
        "itn_normalize": chance.random() < 0.7,
        "punctuate": chance.random() < 0.8,
        "capitalize": chance.random() < 0.8,
        "no_format_delay": chance.random() < 0.2,
    }
    if chance.random() < 0.3:
        query["max_words"] = chance.choice((1, 3, 7, 20))
    dialect = chance.choice(DIALECTS)
    if "model" in dialect.required:
        query["model"] = "pulse"
    borders = [2 * border for border in accumulate(map(len, sounds))]
    often = 0.0 if dialect.finalize_ends else chance.choice((0.0, 0.05, 0.2))
    turns = tuple(border for border in borders[:-1] if chance.random() < often)
    [ending] = chance.choices([*ENDINGS], [*ENDINGS.values()])
    if ending in FINALIZE and not dialect.finalize_ends:
        ending = CLOSE
    if ending == "leave":
        audio = audio[: chance.randrange(len(audio))]
        turns = tuple(border for border in turns if border < len(audio))
    return Talk(seed, said, audio, chunks, query, dialect.paths[0], turns, ending)


def _sounds(chance: random.Random, base: int, count: int) -> list[Samples]:
    """Words with pauses between them, some long enough to end a segment."""
    pauses = chance.choice(((0.03,), (0.03, 0.1, 0.25), (0.05, 0.4, 0.8), (0.05, 0.8, 2.0, 4.0)))
    weights = [8.0, *(1.0 for _ in pauses[1:])]
    sounds = [silence(0.2)]
    for place in range(count):
        [pause] = chance.choices(pauses, weights)
        sounds.append(say(base + place, gap=round(pause * 16_000), length=SOUND))
    return [*sounds, np.zeros(800, np.float32)]


async def _converse(running: Running, talk: Talk) -> list[str]:
    """Say it to the server, and return all messages as they come over the wire."""
    async with running.connect(urlencode(talk.query), path=talk.path) as connection:
        speaking = asyncio.create_task(_speak(connection, talk))
        messages: list[str] = []
        try:
            while True:
                messages.append(str(await connection.recv()))
        except ConnectionClosed:
            pass
        await speaking
    if talk.ending == "idle":
        assert json.loads(messages[-1])["code"] == "idle_timeout", talk.seed
    elif talk.ending != "leave":
        assert json.loads(messages[-1])["is_last"], talk.seed
    return messages


async def _speak(connection: ClientConnection, talk: Talk) -> None:
    sizes = itertools.cycle(talk.chunks)
    for start, end in pairwise((0, *talk.turns, len(talk.audio))):
        at = start
        while at < end:
            size = min(next(sizes), end - at)
            await connection.send(talk.audio[at : at + size])
            await asyncio.sleep(0)
            at += size
        if end < len(talk.audio):
            await connection.send(FINALIZE[0])
    if talk.ending == "leave":
        await connection.close()
    elif talk.ending != "idle":
        await connection.send(talk.ending)


def _leaks(talk: Talk, messages: Sequence[str]) -> list[str]:
    leaks = []
    for raw in messages:
        message = json.loads(raw)
        if message["type"] != "transcription":
            leaks += [
                f"{one} in a message of type {message['type']}" for one in talk.said.traces(raw)
            ]
            continue
        texts = [
            message["transcript"],
            message["transcription"],
            message.get("full_transcript", ""),
            *(one["text"] for one in message.get("utterances", ())),
            " ".join(one["word"] for one in message.get("words", ())),
        ]
        entities = message["redacted_entities"]
        assert all(PLACEHOLDER.fullmatch(one) and one == one.upper() for one in entities)
        for leak in talk.said.leaks(texts):
            kind = "final" if message["is_final"] else "partial"
            leaks.append(f"{kind} {leak}")
    return leaks
