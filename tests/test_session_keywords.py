"""What a session does with keywords: the engine has them, and redaction what it makes of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from engines import FakeEngine, cut, fake_recognizer, linear16, say, silence
from sferic import Options, Session
from sferic.protocol.messages import Message, Transcription, encode
from sferic.protocol.values import Keyword
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.recognizer import Recognizer

MY, NAME, IS, MISHEARD = range(10, 14)
KEYWORD = Keyword("Kowalczyk", 2)


class Corrected(FakeEngine):
    """Puts the first keyword in the place of what was misheard."""

    def transcribe(self, *arguments: Any, **options: Any) -> Hypothesis:
        heard = super().transcribe(*arguments, **options)
        keywords = options["keywords"]
        if not keywords:
            return heard
        words = [
            msgspec.structs.replace(word, text=keywords.entries[0].text)
            if word.text == "covalchick"
            else word
            for word in heard.words
        ]
        return msgspec.structs.replace(heard, words=tuple(words))


@pytest.fixture
def engine() -> FakeEngine:
    engine = Corrected()
    engine.script = {MY: "my", NAME: "name", IS: "is", MISHEARD: "covalchick"}
    return engine


@pytest_asyncio.fixture
async def recognizer(engine: FakeEngine) -> AsyncIterator[Recognizer]:
    recognizer = fake_recognizer(engine, partial_interval=0.48)
    async with asyncio.timeout(30):
        yield recognizer
    await asyncio.to_thread(recognizer.close)


async def said(recognizer: Recognizer, **options: Any) -> list[Message]:
    async with Session(Options(**options), recognizer=recognizer) as session:
        for data in cut(linear16(say(MY, NAME, IS, MISHEARD), silence(1)), 3200):
            await session.feed(data)
        await session.finish()
        return [message async for message in session]


def final(messages: list[Message]) -> str:
    return " ".join(
        m.transcript for m in messages if isinstance(m, Transcription) and m.is_final
    ).strip()


async def test_every_call_of_the_engine_has_the_keywords(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    messages = await said(recognizer, keywords=(KEYWORD, Keyword("Sferic", 0)))
    assert final(messages) == "my name is Kowalczyk"
    assert engine.calls
    for call in engine.calls:
        assert call.keywords is not None
        assert [(each.text, each.boost) for each in call.keywords.entries] == [("Kowalczyk", 2)]


async def test_without_keywords_the_engine_has_none(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    await said(recognizer)
    assert {call.keywords for call in engine.calls} == {None}


async def test_a_keyword_is_shown_only_where_redaction_lets_it(recognizer: Recognizer) -> None:
    messages = await said(recognizer, keywords=(KEYWORD,), redact_pii=True)
    assert "NAME_1]" in final(messages)
    assert not any("kowalczyk" in encode(message).lower() for message in messages)
