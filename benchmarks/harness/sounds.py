"""Sounds without speech, made from a seed: what they are called, and how loud they are."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import waves
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.waves import Maker, Wave
from sferic.audio import SAMPLE_RATE

Measure: TypeAlias = Literal["rms", "peak"]
"""What the level of a sound is the level of: its power, or its highest sample."""

_BLOCK = 60 * SAMPLE_RATE
"""Samples that are made at once: ten minutes need little more memory than one."""


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of sound at one level."""

    family: str
    make: Maker
    measure: Measure = "peak"
    level_db: float | None = None
    """Decibels below full scale; None for silence, which has no level."""

    def samples(self, seconds: float, seed: int) -> NDArray[np.float32]:
        """Make so much of it, the same for the same seed.

        Args:
            seconds: Length.
            seed: Of the random generator.

        Returns:
            Samples at 16 kHz within [-1, 1], shape (n,).
        """
        generator = np.random.default_rng(seed)
        times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        blocks = np.split(times, range(_BLOCK, len(times), _BLOCK))
        return np.concatenate([self._levelled(self.make(generator, time)) for time in blocks])

    def _levelled(self, wave: Wave) -> NDArray[np.float32]:
        if self.level_db is not None:
            loudness = np.sqrt(np.square(wave).mean())
            if self.measure == "peak":
                loudness = np.abs(wave).max()
            wave = wave * (10 ** (self.level_db / 20) / loudness)
        return np.clip(wave, -1, 1).astype(np.float32)


class _Kind(NamedTuple):
    family: str
    name: str
    make: Maker
    measure: Measure
    levels_db: tuple[int, ...]


_STEADY = (-60, -40, -20)
_SWELLING = (-40, -20)
_STRUCK = (-30, -6)

_KINDS = (
    _Kind("silence", "rounding noise", waves.white, "rms", (-90,)),
    _Kind("noise", "white noise", waves.white, "rms", _STEADY),
    _Kind("noise", "pink noise", waves.coloured(1), "rms", _STEADY),
    _Kind("noise", "brown noise", waves.coloured(2), "rms", _STEADY),
    _Kind("noise", "gusts", waves.gusts, "rms", _SWELLING),
    _Kind("noise", "noise in syllables", waves.babbling, "rms", _SWELLING),
    _Kind("hum", "hum of 50 Hz", waves.hum(50), "rms", _SWELLING),
    _Kind("hum", "hum of 60 Hz", waves.hum(60), "rms", _SWELLING),
    _Kind("clicks", "clicks", waves.clicks, "peak", _STRUCK),
    _Kind("clicks", "typing", waves.typing, "peak", _STRUCK),
    _Kind("clicks", "knocking", waves.knocking, "peak", _STRUCK),
    _Kind("telephone", "DTMF", waves.dtmf, "peak", _STRUCK),
    _Kind("telephone", "ringback, America", waves.ringing((440, 480), 2, 4), "peak", _STRUCK),
    _Kind("telephone", "ringback, Europe", waves.ringing((425,), 1, 4), "peak", _STRUCK),
    _Kind("telephone", "busy", waves.ringing((480, 620), 0.5, 0.5), "peak", _STRUCK),
    _Kind("telephone", "bell", waves.bell, "peak", _STRUCK),
    _Kind("music", "chords", waves.chords, "peak", _STRUCK),
    _Kind("music", "arpeggios", waves.arpeggios, "peak", _STRUCK),
    _Kind("music", "drums", waves.drums, "peak", _STRUCK),
    _Kind("music", "violin with vibrato", waves.melody(0), "peak", _STRUCK),
    _Kind("music", "viola with vibrato", waves.melody(-1), "peak", _STRUCK),
    _Kind("music", "cello with vibrato", waves.melody(-2), "peak", _STRUCK),
    _Kind("music", "band", waves.band, "peak", _STRUCK),
)

SOUNDS: Mapping[str, Sound] = {
    "digital silence": Sound(family="silence", make=waves.nothing),
    **{
        f"{kind.name} {level} dB": Sound(
            family=kind.family, make=kind.make, measure=kind.measure, level_db=level
        )
        for kind in _KINDS
        for level in kind.levels_db
    },
}
"""All of them by name, which ends in the level."""


class NoSuchSoundError(BenchmarkError, LookupError):
    """A filter names what there is not."""

    def __init__(self, what: str, named: str, known: Collection[str]) -> None:
        super().__init__(f"there is no {what} {named}; there are {', '.join(known)}")


def chosen(families: Sequence[str], part: str) -> list[str]:
    """Names of the sounds of some families, or of all, with some text in them.

    Raises:
        NoSuchSoundError: There is no such family, or no sound of them with this text.
    """
    known = dict.fromkeys(sound.family for sound in SOUNDS.values())
    for family in families:
        if family not in known:
            raise NoSuchSoundError("family", family, known)  # noqa: EM101
    names = [name for name in SOUNDS if not families or SOUNDS[name].family in families]
    matching = [name for name in names if part.casefold() in name.casefold()]
    if not matching:
        raise NoSuchSoundError("sound", part, names)  # noqa: EM101
    return matching
