"""Word times of both sides, beside a forced alignment of what was said."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import msgspec

from benchmarks.accuracy_groups import Sample
from benchmarks.harness.alignment import RATE, AlignedWord, Aligner, UnalignedError
from benchmarks.harness.speech import Utterance, pcm
from benchmarks.harness.timed import TimedWord, TimeErrors, matched, time_errors

_NARROW = "telephone quality"


class WordTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Words that were recognised right: how far their borders are from those of the alignment."""

    aligner: str
    recordings: int
    """Those that were aligned."""
    left_out: dict[str, int]
    """Recordings in a language of the aligner that were not aligned, by reason."""
    words: int
    """Words of the references whose borders are relied on."""
    unsure: int
    """Words whose borders are not."""
    streaming: TimeErrors | None
    offline: TimeErrors | None
    """None also where faster-whisper was not asked for words."""


def word_times(
    samples: Sequence[Sample], aligner: Aligner, step: Callable[[], None]
) -> WordTimes | None:
    """Align recordings and compare; None without a recording in a language of the aligner.

    Args:
        samples: What was streamed.
        aligner: Knows where words are.
        step: Called after each sample.
    """
    spoken: list[tuple[Sample, list[AlignedWord]]] = []
    left_out: Counter[str] = Counter()
    for sample in samples:
        if sample.utterance.lang in aligner.languages:
            try:
                spoken.append((sample, _aligned(sample.utterance, aligner)))
            except UnalignedError as error:
                left_out[error.reason] += 1
        step()
    if not spoken and not left_out:
        return None
    words = [word for _, words in spoken for word in words]
    sure = sum(word.sure for word in words)
    return WordTimes(
        aligner=aligner.name,
        recordings=len(spoken),
        left_out=dict(left_out.most_common()),
        words=sure,
        unsure=len(words) - sure,
        streaming=_errors(
            (list(chain.from_iterable(sample.heard.segments)), words, sample.utterance.lang)
            for sample, words in spoken
        ),
        offline=_errors(
            (sample.transcript.words, words, sample.utterance.lang)
            for sample, words in spoken
            if sample.transcript is not None
        ),
    )


def _aligned(utterance: Utterance, aligner: Aligner) -> list[AlignedWord]:
    if utterance.sample_rate < RATE:
        raise UnalignedError(_NARROW)
    return aligner.align(pcm(utterance.path, RATE), utterance.reference)


def _errors(
    transcripts: Iterable[tuple[Sequence[TimedWord], Sequence[AlignedWord], str]],
) -> TimeErrors | None:
    pairs = [
        (ours, theirs)
        for heard, spoken, language in transcripts
        for ours, theirs in matched(heard, spoken, language)
        if theirs.sure
    ]
    return time_errors(pairs)
