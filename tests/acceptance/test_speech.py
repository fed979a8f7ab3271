"""Real speech through a session with the default model, in this process."""

import asyncio
import functools
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from msgspec import UNSET
from numpy.typing import NDArray

from audio import material
from engines import cut
from recordings import BECKETT, TWO_CITIES, Samples, beckett, clip, error_rate, plain, two_cities
from sferic import Options, Recognizer, Session
from sferic.audio import SAMPLE_RATE, Encoding
from sferic.protocol.messages import (
    Message,
    SpeechEnded,
    SpeechStarted,
    Transcription,
    WordItem,
)

Sound = NDArray[np.float64]

S = SAMPLE_RATE
CHUNK = 3200
"""Bytes of 100 ms."""


async def transcribed(
    recognizer: Recognizer, messages: Iterable[bytes], **options: Any
) -> list[Message]:
    async def feed(session: Session) -> None:
        for message in messages:
            await session.feed(message)
        await session.finish()

    async with Session(Options(**options), recognizer=recognizer) as session:
        feeding = asyncio.create_task(feed(session))
        said = [message async for message in session]
        await feeding
    return said


async def heard(recognizer: Recognizer, samples: Samples, **options: Any) -> list[Message]:
    return await transcribed(recognizer, cut(material.linear16(samples), CHUNK), **options)


def finals(messages: Iterable[Message]) -> list[Transcription]:
    return [m for m in messages if isinstance(m, Transcription) and m.is_final]


def text(messages: Iterable[Message]) -> str:
    return " ".join(final.transcript for final in finals(messages) if final.transcript)


def words(messages: Iterable[Message]) -> list[WordItem]:
    return [word for final in finals(messages) if final.words is not UNSET for word in final.words]


def assert_in_order(spoken: list[WordItem], *, seconds: float) -> None:
    assert spoken
    edges = [edge for word in spoken for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= round(seconds, 2)


def assert_where_the_sound_is(spoken: list[WordItem], samples: Samples) -> None:
    """Every word has sound of its own, and nearly all of the sound has a word."""
    power = np.square(samples)
    covered = np.zeros(len(samples), bool)
    for word in spoken:
        around = slice(max(round((word.start - 0.1) * S), 0), round((word.end + 0.1) * S))
        assert power[around].mean() > 0.1 * power.mean(), word
        covered[around] = True
    assert power[covered].sum() > 0.97 * power.sum()


# What is said


async def test_a_reading_is_understood_with_each_word_in_its_place(recognizer: Recognizer) -> None:
    samples = two_cities()
    messages = await heard(
        recognizer, samples, full_transcript=True, sentence_timestamps=True, vad_events=True
    )
    assert error_rate(TWO_CITIES, text(messages)) < 0.05
    assert_in_order(words(messages), seconds=len(samples) / S)
    assert_where_the_sound_is(words(messages), samples)
    last = finals(messages)[-1]
    assert last.is_last
    assert last.full_transcript == text(messages)
    assert last.utterances is not UNSET
    assert " ".join(utterance.text for utterance in last.utterances) == last.full_transcript
    events = [type(m) for m in messages if isinstance(m, SpeechStarted | SpeechEnded)]
    assert events == [SpeechStarted, SpeechEnded] * (len(events) // 2)


async def test_short_sentences_are_finals_of_their_own(recognizer: Recognizer) -> None:
    messages = await heard(recognizer, beckett())
    assert plain(text(messages)) == plain(BECKETT)
    assert [len(final.transcript.split()) for final in finals(messages)] == [2] * 6 + [0]
    assert_where_the_sound_is(words(messages), beckett())


async def test_partials_grow_into_the_final(recognizer: Recognizer) -> None:
    samples, said = clip("en/quick_brown_fox")
    messages: list[Message] = []
    async with Session(recognizer=recognizer) as session:
        reading = asyncio.create_task(_collect(session, messages))
        for chunk in cut(material.linear16(samples), CHUNK):
            await session.feed(chunk)
            await asyncio.sleep(0.05)
        await session.finish()
        await reading
    partials = [m for m in messages if isinstance(m, Transcription) and not m.is_final]
    assert len(partials) >= 3
    lengths = [len(partial.transcript.split()) for partial in partials]
    assert lengths == sorted(lengths)
    assert plain(text(messages)) == plain(said)


@pytest.mark.parametrize(
    ("name", "language", "said", "bound"),
    [
        ("en/counting", "en", "1 2 3 4 5 6 7 8 9 10", 0),
        ("es/conteo", "es", "1 2 3 4 5 6 7 8 9 10", 0),
        ("fr/comptage", "fr", "1 2 3 4 5 6 7 8 9 10", 0.1),
        ("fr/pangrama", "fr", None, 0.35),
        ("it/conteggio", "it", "1 2 3 4 5 6 7 8 9 10", 0),
        ("it/pangrama", "it", None, 0.15),
        ("pt/contagem", "pt", "um dois três quatro cinco seis sete oito nove 10", 0),
        ("pt/pangrama", "pt", None, 0.15),
    ],
)
async def test_other_languages_are_understood_too(
    recognizer: Recognizer, name: str, language: str, said: str | None, bound: float
) -> None:
    samples, reference = clip(name)
    messages = await heard(recognizer, samples, language=language)
    assert error_rate(said or reference, text(messages)) <= bound
    assert {final.language for final in finals(messages)} == {language}
    assert_in_order(words(messages), seconds=len(samples) / S)


async def test_languages_are_told_apart_turn_by_turn(recognizer: Recognizer) -> None:
    names = ("it/pangrama", "en/quick_brown_fox", "it/conteggio", "fr/pangrama")
    pause = np.zeros(S, np.float32)
    samples = np.concatenate([part for name in names for part in (clip(name)[0], pause)])
    asked = {"language": "multi", "no_format_delay": True}
    messages = finals(await heard(recognizer, samples, **asked))
    assert [final.language for final in messages] == ["it", "en", "it", "fr", None]
    assert [final.languages for final in messages] == [
        ("it",),
        ("it", "en"),
        ("it", "en"),
        ("it", "en", "fr"),
        ("it", "en", "fr"),
    ]


# What is not


def _noise() -> Sound:
    return np.random.default_rng(1).standard_normal(10 * S)


def _pink() -> Sound:
    spectrum = np.fft.rfft(_noise())
    return np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), 10 * S)


def _time() -> Sound:
    return np.arange(10 * S) / S


def _tone(pitch: float, time: Sound) -> Sound:
    partials = [np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 6)]
    return np.asarray(np.sum(partials, axis=0))


def _clicks() -> Sound:
    clicks = np.zeros(10 * S)
    clicks[::8000], clicks[1::8000] = 1, -0.8
    return clicks


def _played(chords: Sequence[tuple[float, ...]], *, length: float) -> Sound:
    """Chords in turn, each struck and dying away."""
    time = _time()[: round(length * S)]
    struck = [
        np.exp(-3 * time / length) * np.sum([_tone(pitch, time) for pitch in chord], axis=0)
        for chord in chords
    ]
    return np.concatenate([struck[i % len(struck)] for i in range(round(10 / length))])


CHORDS = [
    (261.6, 329.6, 392.0),
    (220.0, 261.6, 329.6),
    (174.6, 220.0, 261.6),
    (196.0, 246.9, 293.7),
]
NOTES = [(261.6,), (329.6,), (392.0,), (523.3,), (392.0,), (329.6,)]
NO_SPEECH: dict[str, Callable[[], Sound]] = {
    "silence": lambda: np.zeros(10 * S),
    "faint white noise": lambda: 0.005 * _noise(),
    "white noise": _noise,
    "pink noise": _pink,
    "noise in bursts": lambda: _noise() * (_time() % 1 < 0.15),
    "hum of the mains": lambda: _tone(50, _time()),
    "a beep": lambda: np.sin(2 * np.pi * 1000 * _time()) * (_time() % 2 < 0.5),
    "clicks": _clicks,
    "chords": lambda: _played(CHORDS, length=1),
    "arpeggios": lambda: _played(NOTES, length=0.25),
    "a siren": lambda: np.sin(2 * np.pi * 700 * _time() + 40 * np.sin(2 * np.pi * _time())),
}


@pytest.mark.parametrize("name", NO_SPEECH)
async def test_what_is_no_speech_has_no_words(recognizer: Recognizer, name: str) -> None:
    sound = NO_SPEECH[name]()
    loudest = np.abs(sound).max()
    if loudest > 0.5:
        sound = sound * (0.5 / loudest)
    for language in ("en", "multi"):
        messages = await heard(recognizer, sound.astype(np.float32), language=language)
        assert [message for message in messages if getattr(message, "transcript", "")] == []


async def test_noise_after_speech_adds_no_words(recognizer: Recognizer) -> None:
    samples, said = clip("en/quick_brown_fox")
    hiss = (0.01 * _noise()[: 5 * S]).astype(np.float32)
    messages = await heard(recognizer, np.concatenate([hiss, samples, hiss]))
    assert plain(text(messages)) == plain(said)


# However it is sent

WIDTHS = {"linear16": 2, "linear32": 4, "alaw": 1, "mulaw": 1}
ENCODERS: dict[str, tuple[Encoding, Callable[[Samples], bytes]]] = {
    "linear16": ("linear16", material.linear16),
    "linear32, integer": ("linear32", material.linear32_integers),
    "linear32, float": ("linear32", material.linear32_floats),
    "alaw": ("alaw", material.alaw),
    "mulaw": ("mulaw", material.mulaw),
}
FOX = "en/quick_brown_fox"


@functools.cache
def fox(rate: int) -> Samples:
    samples, _ = clip(FOX, rate)
    return np.clip(samples, -1, 1)


@pytest.fixture(scope="session")
def reference(recognizer: Recognizer) -> list[WordItem]:
    """The words of the clip as float samples at 16 kHz have them."""
    messages = material.linear32_floats(fox(S))
    return words(asyncio.run(transcribed(recognizer, [messages], encoding="linear32")))


def assert_like(reference: list[WordItem], spoken: list[WordItem]) -> None:
    said, again = ([plain(word.word) for word in one] for one in (reference, spoken))
    assert said == again
    for one, other in zip(reference, spoken, strict=True):
        assert one.start == pytest.approx(other.start, abs=0.12), one.word
        assert one.end == pytest.approx(other.end, abs=0.12), one.word


@pytest.mark.parametrize("rate", material.RATES)
@pytest.mark.parametrize("name", ENCODERS)
async def test_every_encoding_at_every_rate_is_understood_alike(
    recognizer: Recognizer, reference: list[WordItem], name: str, rate: int
) -> None:
    encoding, encode = ENCODERS[name]
    messages = cut(encode(fox(rate)), rate // 10 * WIDTHS[encoding])
    spoken = await transcribed(recognizer, messages, encoding=encoding, sample_rate=rate)
    assert_like(reference, words(spoken))


@pytest.mark.parametrize("rate", [8000, 48_000])
async def test_opus_packets_are_understood_alike(
    recognizer: Recognizer, reference: list[WordItem], rate: int
) -> None:
    packets = material.opus_packets(fox(48_000))
    spoken = await transcribed(recognizer, packets, encoding="opus", sample_rate=rate)
    assert_like(reference, words(spoken))


@pytest.mark.parametrize("size", [100, 777, 10**9])
async def test_opus_in_ogg_is_understood_alike(
    recognizer: Recognizer, reference: list[WordItem], size: int
) -> None:
    messages = cut(material.ogg(fox(48_000)), size)
    spoken = await transcribed(recognizer, messages, encoding="ogg_opus")
    assert_like(reference, words(spoken))


async def test_a_whole_wav_is_understood_alike(
    recognizer: Recognizer, reference: list[WordItem]
) -> None:
    file = material.wav(material.linear16(fox(44_100)), rate=44_100)
    assert_like(reference, words(await transcribed(recognizer, [file])))


async def test_the_transcript_is_the_same_whatever_the_chunks(recognizer: Recognizer) -> None:
    audio = material.linear16(beckett())
    heard_in = [
        finals(await transcribed(recognizer, cut(audio, size)))
        for size in (640, CHUNK, 7777, len(audio))
    ]
    said = [[(f.transcript, f.words, f.is_last) for f in messages] for messages in heard_in]
    for one, other in pairwise(said):
        assert one == other


# Speech without an end


def without_pauses(recognizer: Recognizer, samples: Samples) -> Samples:
    activity = recognizer.voice_activity.stream()
    frames = np.split(samples, range(512, len(samples), 512))
    voiced = [next(activity.feed(frame), 0.0) >= 0.5 for frame in frames]
    return np.concatenate([frame for frame, kept in zip(frames, voiced, strict=True) if kept])


@pytest.mark.parametrize("options", [{}, {"finalize_on_words": False}, {"max_words": 9}])
async def test_speech_without_a_pause_is_cut_between_words(
    recognizer: Recognizer, options: dict[str, Any]
) -> None:
    samples = without_pauses(recognizer, two_cities())
    assert len(samples) > 30 * S
    messages = await heard(recognizer, samples, **options)
    assert error_rate(TWO_CITIES, text(messages)) < 0.03
    assert_in_order(words(messages), seconds=len(samples) / S)
    counts = [len(final.transcript.split()) for final in finals(messages)]
    if options:
        assert max(counts) == options.get("max_words", sum(counts))
    else:
        assert len(counts) > 1


async def test_a_finalize_in_mid_speech_loses_and_doubles_nothing(recognizer: Recognizer) -> None:
    audio = material.linear16(beckett())
    between = [audio[: 2 * S * 2], audio[2 * S * 2 : 2 * S * 5], audio[2 * S * 5 :]]
    async with Session(recognizer=recognizer) as session:
        for part in between:
            await session.feed(part)
            await session.finalize()
        await session.finish()
        messages = [message async for message in session]
    assert plain(text(messages)) == plain(BECKETT)
    assert_where_the_sound_is(words(messages), beckett())


async def _collect(session: Session, messages: list[Message]) -> None:
    async for message in session:
        messages.append(message)  # noqa: PERF401  # read while it goes on
