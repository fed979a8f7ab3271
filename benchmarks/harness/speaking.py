"""Sessions that know the words beforehand: what is measured is who is said to have spoken them."""

import asyncio
import time
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.conversations import Conversation
from sferic.audio import SAMPLE_RATE
from sferic.protocol.messages import Transcription
from sferic.protocol.options import Options
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.orthography import FULL
from sferic.recognition.recognizer import Recognizer
from sferic.session import Session
from sferic.speakers.diarization import Diarization
from sferic.speech.vad import VoiceActivityModel

_JITTER = 3 * SAMPLE_RATE // 100
"""By how much the borders of words are off, as those of a recogniser are."""
_BLOCK_S = 0.1


class Labelled(msgspec.Struct, frozen=True):
    """What a session said of a word."""

    word: int
    """Its place among those of the conversation."""
    speaker: int
    confidence: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a session said, and what it took."""

    labelled: tuple[Labelled, ...]
    cpu_s: float
    """Of the whole process."""
    delays_s: dict[int, float]
    """From the last word of each final, by its place, to that; none where audio came at once."""


class KnownWords:
    """An engine that hears the words of a conversation where they are, and takes no time.

    Args:
        conversation: Has them.
        seed: Of how far off their borders are.
    """

    name = "known words"
    languages: tuple[str, ...] = ("en",)
    longest = 30 * SAMPLE_RATE
    parallel = 1
    guided = True
    favours_keywords = False
    writing = FULL

    def __init__(self, conversation: Conversation, seed: int = 0) -> None:
        chance = np.random.default_rng(seed)
        self._words = []
        for number, word in enumerate(conversation.words):
            off = chance.integers(-_JITTER, _JITTER + 1, size=2)
            start, end = max(word.start + int(off[0]), 0), word.end + int(off[1])
            self._words.append(
                Word(text=f"w{number}", start=start, end=max(end, start + 1), confidence=1.0)
            )

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        languages: Sequence[str],
        start: int = 0,
        prefix: Sequence[Word] = (),
        **_: object,
    ) -> Hypothesis:
        """Words whose middle is in the samples, behind those that are given."""
        after = prefix[-1].end if prefix else start
        words = [
            word
            for word in self._words
            if after <= (word.start + word.end) / 2 < start + len(samples)
        ]
        if prefix:
            said = {word.text for word in prefix}
            words = [word for word in words if word.text not in said]
        return Hypothesis(words=(*prefix, *words), language=languages[0])

    def close(self) -> None:
        """Nothing to let go of."""


def listen(
    conversation: Conversation,
    diarization: Diarization | None,
    voice_activity: VoiceActivityModel,
    *,
    live: bool = False,
    max_speakers: int | None = None,
) -> Outcome:
    """Run a conversation through a session.

    Args:
        conversation: What to hear.
        diarization: Tells speakers apart; None to measure what everything else takes.
        voice_activity: Tells speech.
        live: Whether audio comes as it is spoken, and not at once.
        max_speakers: What the session is told.
    """
    asked = Options(
        sample_rate=conversation.rate,
        diarize=diarization is not None,
        format=False,
        max_speakers=max_speakers,
    )
    engine = KnownWords(conversation)
    with Recognizer(
        engine, voice_activity, partial_interval=0.0, diarization=diarization
    ) as recognizer:
        return asyncio.run(_listen(conversation, Session(asked, recognizer=recognizer), live=live))


async def _listen(conversation: Conversation, session: Session, *, live: bool) -> Outcome:
    audio = np.rint(np.clip(conversation.samples, -1, 1) * 32_767).astype("<i2").tobytes()
    block = int((_BLOCK_S if live else 1.0) * conversation.rate) * 2
    labelled: list[Labelled] = []
    delays: dict[int, float] = {}
    cpu = time.process_time()
    async with session:
        begun = time.monotonic()

        async def speak() -> None:
            for at in range(0, len(audio), block):
                if live:
                    due = begun + (at + block) / 2 / conversation.rate
                    await asyncio.sleep(max(due - time.monotonic(), 0))
                await session.feed(audio[at : at + block])
            await session.finish()

        speaking = asyncio.create_task(speak())
        async for message in session:
            if isinstance(message, Transcription) and message.is_final and message.words:
                labelled += (
                    Labelled(
                        int(word.word[1:]), int(word.speaker or 0), word.speaker_confidence or 0.0
                    )
                    for word in message.words
                )
                if live:
                    last = message.words[-1]
                    delays[int(last.word[1:])] = time.monotonic() - begun - last.end
        await speaking
    return Outcome(labelled=tuple(labelled), cpu_s=time.process_time() - cpu, delays_s=delays)
