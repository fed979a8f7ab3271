"""Real speech from the packages that tests depend on, with what is said in it."""

import functools
import importlib.util
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000

Samples = NDArray[np.float32]

TWO_CITIES = """
It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of
foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of
Light, it was the season of Darkness, it was the spring of hope, it was the winter of despair, we
had everything before us, we had nothing before us, we were all going direct to Heaven, we were all
going direct the other way. In short, the period was so far like the present period, that some of
its noisiest authorities insisted on its being received, for good or for evil, in the superlative
degree of comparison only.
"""

BECKETT = "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better."


def two_cities(rate: int = SAMPLE_RATE) -> Samples:
    """A reading of 44 s, with a pause after most clauses."""
    return read(path_of("two_cities"), rate)


def beckett(rate: int = SAMPLE_RATE) -> Samples:
    """Six short sentences in 10 s."""
    return read(path_of("beckett"), rate)


def path_of(reading: str) -> Path:
    """The WAV file of a reading."""
    return _folder("moonshine_voice") / "assets" / f"{reading}.wav"


def clip(name: str, rate: int = SAMPLE_RATE) -> tuple[Samples, str]:
    """A short synthetic clip, named as in `en/counting`, and its text."""
    path = _folder("pytest_audioeval") / "samples" / "audio" / name
    text = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
    return read(path.with_suffix(".wav"), rate), text


@functools.cache
def read(path: Path, rate: int) -> Samples:
    resampler = av.AudioResampler("flt", "mono", rate)
    with av.open(str(path)) as container:
        frames = [*container.decode(audio=0), None]
        blocks = [block.to_ndarray()[0] for frame in frames for block in resampler.resample(frame)]
    return np.concatenate(blocks)


def plain(text: str) -> list[str]:
    """The words without case and punctuation."""
    text = "".join(
        letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text.casefold()
    )
    return text.split()


def errors(said: Iterable[str], heard: Iterable[str]) -> int:
    """Words that differ: the edit distance of two sequences."""
    heard = list(heard)
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1]


def error_rate(said: str, heard: str) -> float:
    return errors(plain(said), plain(heard)) / len(plain(said))


def _folder(package: str) -> Path:
    # Found, not imported: one loads an engine of its own, the other needs what is not installed.
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations)))
