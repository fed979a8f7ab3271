"""Waves of what nobody says: noise, hum, clicks, telephone tones, music.

Each is made for a time axis in seconds, of any scale; what is random comes from a generator.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE

Wave: TypeAlias = NDArray[np.float64]
"""Samples at 16 kHz, shape (n,)."""

Maker: TypeAlias = Callable[[np.random.Generator, Wave], Wave]
"""Makes a wave for the times, in seconds, at which it is wanted."""


def nothing(generator: np.random.Generator, time: Wave) -> Wave:  # noqa: ARG001
    """Digital silence."""
    return np.zeros(len(time))


# Noise


def white(generator: np.random.Generator, time: Wave) -> Wave:
    """The same power at every frequency: hiss."""
    return generator.standard_normal(len(time))


def coloured(exponent: float) -> Maker:
    """Noise whose power falls with the frequency to this power: 1 is pink, 2 is brown."""

    def make(generator: np.random.Generator, time: Wave) -> Wave:
        spectrum = np.fft.rfft(white(generator, time))
        frequency = np.fft.rfftfreq(len(time), 1 / SAMPLE_RATE)
        heard = frequency >= 20  # what is lower would take up the level and not be heard
        spectrum[heard] /= frequency[heard] ** (exponent / 2)
        spectrum[~heard] = 0
        return np.fft.irfft(spectrum, len(time))

    return make


def gusts(generator: np.random.Generator, time: Wave) -> Wave:
    """Pink noise that swells and fades every second or two, as wind or a passing car does."""
    swell = np.interp(time, np.arange(time[0], time[-1] + 2, 0.7), _levels(generator, time, 0.7))
    return coloured(1)(generator, time) * swell**2


def babbling(generator: np.random.Generator, time: Wave) -> Wave:
    """Noise in the band and at the rhythm of syllables, four a second, with pauses."""
    spectrum = np.fft.rfft(white(generator, time))
    frequency = np.fft.rfftfreq(len(time), 1 / SAMPLE_RATE)
    spectrum[(frequency < 300) | (frequency > 3400)] = 0
    syllables = np.maximum(np.sin(2 * np.pi * 4 * time), 0)
    return np.fft.irfft(spectrum, len(time)) * syllables * (time % 5 < 3)


# Hum


def hum(mains: float) -> Maker:
    """Mains of so many hertz, with the odd and even harmonics of a bad supply."""

    def make(generator: np.random.Generator, time: Wave) -> Wave:
        phases = generator.uniform(0, 2 * np.pi, 12)
        return _summed(
            np.sin(2 * np.pi * mains * k * time + phases[k - 1]) / k for k in range(1, 13)
        )

    return make


# Clicks


def clicks(generator: np.random.Generator, time: Wave) -> Wave:
    """Two samples up and down, about twice a second."""
    wave = np.zeros(len(time))
    for at in _moments(generator, time, mean_s=0.5):
        wave[at : at + 2] = (1, -0.8)[: len(wave) - at]
    return wave


def typing(generator: np.random.Generator, time: Wave) -> Wave:
    """Keys going down and up in bursts of words: short rattling strokes of many pitches."""
    wave = np.zeros(len(time))
    stroke_time = np.arange(round(0.03 * SAMPLE_RATE)) / SAMPLE_RATE
    for at in _moments(generator, time, mean_s=0.16):
        if time[at] % 9 > 6:  # somebody thinks
            continue
        pitch = generator.uniform(1200, 4500)
        ringing = np.sin(2 * np.pi * pitch * stroke_time) + generator.standard_normal(
            len(stroke_time)
        )
        stroke = generator.uniform(0.3, 1) * ringing * np.exp(-stroke_time / 0.004)
        _add(wave, at, stroke)
        _add(wave, at + round(0.09 * SAMPLE_RATE), 0.4 * stroke)
    return wave


def knocking(generator: np.random.Generator, time: Wave) -> Wave:
    """Three dull knocks on wood, then a pause."""
    knock_time = np.arange(round(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
    wave = np.zeros(len(time))
    for start in np.arange(0.5, len(time) / SAMPLE_RATE, 3):
        for number in range(3):
            pitch = generator.uniform(110, 180)
            knock = np.sin(2 * np.pi * pitch * knock_time) * np.exp(-knock_time / 0.025)
            _add(wave, round((start + 0.28 * number) * SAMPLE_RATE), knock)
    return wave


# Telephone

_ROWS, _COLUMNS = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0)


def dtmf(generator: np.random.Generator, time: Wave) -> Wave:
    """Keys of a telephone, ten in a row and a pause: 100 ms each, 100 ms apart."""
    count = int(len(time) / SAMPLE_RATE * 5) + 1
    keys = zip(generator.choice(_ROWS, count), generator.choice(_COLUMNS, count), strict=True)
    number = ((time - time[0]) * 5).astype(int)
    pitches = np.array([*keys])[number]
    tone: Wave = np.sin(2 * np.pi * pitches[:, 0] * time) + np.sin(2 * np.pi * pitches[:, 1] * time)
    return tone * (time * 5 % 1 < 0.5) * (time % 3 < 2)


def ringing(pitches: Sequence[float], on: float, off: float) -> Maker:
    """A tone of a telephone network: pitches in hertz, seconds on and off."""

    def make(generator: np.random.Generator, time: Wave) -> Wave:  # noqa: ARG001
        tone = _summed(np.sin(2 * np.pi * pitch * time) for pitch in pitches)
        return tone * (time % (on + off) < on)

    return make


def bell(generator: np.random.Generator, time: Wave) -> Wave:  # noqa: ARG001
    """An old telephone: two bells struck twenty times a second, two seconds on and four off."""
    strike = np.exp(-(time * 20 % 1) * 1.5)
    tone = _summed(np.sin(2 * np.pi * pitch * time) for pitch in (1050, 1312, 2680, 3410))
    return tone * strike * (time % 6 < 2)


# Music

_CHORDS = (
    (261.6, 329.6, 392.0),
    (220.0, 261.6, 329.6),
    (174.6, 220.0, 261.6),
    (196.0, 246.9, 293.7),
)
_MELODY = (392.0, 440.0, 493.9, 523.3, 493.9, 392.0, 329.6, 293.7, 329.6, 392.0, 261.6, 246.9)


def chords(generator: np.random.Generator, time: Wave) -> Wave:  # noqa: ARG001
    """Four chords in turn, one a second, struck and dying away."""
    return _struck(time, _CHORDS, length=1.0)


def arpeggios(generator: np.random.Generator, time: Wave) -> Wave:  # noqa: ARG001
    """The same chords note by note, eight a second."""
    notes = [(pitch * up,) for chord in _CHORDS for up in (1, 2) for pitch in chord]
    return _struck(time, notes, length=0.125)


def drums(generator: np.random.Generator, time: Wave) -> Wave:
    """Bass drum, snare and hi-hat at 120 beats a minute."""
    beat = time * 2 % 1 / 2
    bar = (time * 2).astype(int) % 2
    noise = generator.standard_normal(len(time))
    bass = np.sin(2 * np.pi * 20 * (1 - np.exp(-beat * 18))) * np.exp(-beat * 9) * (bar == 0)
    snare = (noise + np.sin(2 * np.pi * 190 * beat)) * np.exp(-beat * 16) * (bar == 1)
    hat = np.diff(noise, prepend=0) * np.exp(-(time * 4 % 1 / 4) * 60)
    beaten: Wave = bass + 0.4 * snare + 0.15 * hat
    return beaten


def melody(octave: int) -> Maker:
    """A bowed melody: long notes with a vibrato of 5.5 Hz, gliding a little, with harmonics.

    Args:
        octave: 0 is a violin's; -1 and -2 are as low as women and men speak.
    """
    pitches = np.array(_MELODY) * 2.0**octave
    length = 0.6

    def make(generator: np.random.Generator, time: Wave) -> Wave:  # noqa: ARG001
        within = time % length
        bow = np.minimum(within / 0.08, 1) * np.minimum((length - within) / 0.08, 1)
        pitch = pitches[(time / length).astype(int) % len(pitches)]
        vibrato = 1 + 0.012 * np.sin(2 * np.pi * 5.5 * time)
        phase = 2 * np.pi * np.cumsum(pitch * vibrato) / SAMPLE_RATE
        return bow * _summed(np.sin(k * phase) / k for k in range(1, 8))

    return make


def band(generator: np.random.Generator, time: Wave) -> Wave:
    """Drums, chords, arpeggios and the melody together."""
    parts = (drums, chords, arpeggios, melody(0))
    return _summed(part / np.abs(part).max() for part in (make(generator, time) for make in parts))


def _summed(waves: Iterable[Wave]) -> Wave:
    total: Wave = np.sum([*waves], axis=0)
    return total


def _levels(generator: np.random.Generator, time: Wave, step: float) -> Wave:
    return generator.uniform(0, 1, len(np.arange(time[0], time[-1] + 2, step)))


def _moments(generator: np.random.Generator, time: Wave, *, mean_s: float) -> list[int]:
    """Places for strokes: never closer than 60 % of the mean distance."""
    count = int(len(time) / SAMPLE_RATE / mean_s) + 1
    gaps = mean_s * (0.6 + generator.exponential(0.4, count))
    places = np.rint(np.cumsum(gaps) * SAMPLE_RATE).astype(int)
    return [int(at) for at in places if at < len(time)]


def _add(wave: Wave, at: int, stroke: Wave) -> None:
    room = wave[at : at + len(stroke)]
    room += stroke[: len(room)]


def _struck(time: Wave, chords: Sequence[Sequence[float]], *, length: float) -> Wave:
    """Chords in turn, each with five harmonics and dying away."""
    voices = max(len(chord) for chord in chords)
    pitches = np.array([[*chord, *[0.0] * (voices - len(chord))] for chord in chords])
    number = (time / length + 1e-9).astype(int) % len(chords)
    within = np.maximum(time - np.floor(time / length + 1e-9) * length, 0)
    tone = _summed(
        np.sin(2 * np.pi * k * pitches[number, voice] * within) / k
        for voice in range(voices)
        for k in range(1, 6)
    )
    return tone * np.exp(-3 * within / length)
