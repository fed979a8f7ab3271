"""Streams that say what a test has written, each message when so much audio has come."""

from collections.abc import Sequence

from msgspec import UNSET

from fakes import FakeRecognizer, FakeStream
from sferic.config import Settings
from sferic.protocol.dialects import Dialect
from sferic.protocol.messages import Message, Transcription, WordItem
from sferic.protocol.options import Options
from sferic.server.backend import Backend, Recognizer

Line = tuple[float, Message]


class ScriptedStream(FakeStream):
    """Says its lines; at the end the last one, empty."""

    def __init__(self, options: Options, recognizer: FakeRecognizer, lines: Sequence[Line]) -> None:
        super().__init__(options, recognizer)
        self._lines = list(lines)
        self._rate = options.sample_rate * 2

    async def feed(self, data: bytes) -> None:
        await self._recognizer.flowing.wait()
        self._bytes += len(data)
        self.audio_seconds = self._bytes / self._rate
        self.heard.set()
        while self._lines and self._lines[0][0] <= self.audio_seconds:
            self._out.put_nowait(self._lines.pop(0)[1])

    def _transcription(
        self, *, final: bool = False, last: bool = False, padding: int = 0
    ) -> Transcription:
        return said("", final=final, last=last)


def said(
    text: str,
    *,
    start: float = 0.0,
    final: bool = True,
    last: bool = False,
    confidences: Sequence[float] = (),
    speakers: Sequence[int] = (),
    every: float = 0.25,
) -> Transcription:
    """A message with these words, one every so many seconds."""
    words = []
    for n, word in enumerate(text.split()):
        words.append(
            WordItem(
                word=word,
                start=round(start + n * every, 2),
                end=round(start + (n + 1) * every, 2),
                confidence=confidences[n] if confidences else 0.95,
                speaker=speakers[n] if speakers else UNSET,
                speaker_confidence=0.9 if speakers else UNSET,
            )
        )
    return Transcription(
        session_id="sess_scripted",
        transcript=text,
        transcription=text,
        is_final=final,
        is_last=last,
        words=tuple(words),
        language="en",
        languages=("en",),
    )


def scripted_backend(recognizer: FakeRecognizer, *scripts: Sequence[Line]) -> Backend:
    """A backend whose Nth stream says the Nth script, and later ones the last."""

    def load(_: Settings) -> Recognizer:
        return recognizer

    def open_stream(options: Options, _: Recognizer, __: Dialect) -> FakeStream:
        script = scripts[min(len(recognizer.streams), len(scripts) - 1)]
        return ScriptedStream(options, recognizer, script)

    return Backend(load=load, open=open_stream)
