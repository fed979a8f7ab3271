"""How long after a word has been said it can be read for the first time, with any peer.

Not all of them tell the times of words, and those that do have them from their own recognition.
So the clock is the same for all: the reference is aligned with the audio by somebody who has no
part in it, and the text on the screen with the reference.
"""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.harness.alignment import AlignedWord, Aligner, UnalignedError, pronounceable
from benchmarks.harness.words import follow
from benchmarks.peers.ear import Heard
from benchmarks.peers.peer import Recording


def align(recordings: Iterable[Recording], aligner: Aligner) -> Mapping[str, Sequence[AlignedWord]]:
    """The words of the references, by recording; those that cannot be aligned are not in it."""
    aligned = {}
    for recording in recordings:
        try:
            aligned[recording.row.audio] = aligner.align(recording.audio, recording.row.reference)
        except UnalignedError:
            continue
    return aligned


def first_seen(heard: Heard, spoken: Sequence[AlignedWord]) -> list[float]:
    """Seconds from when a word had been sent to when it was shown for the first time.

    Only of words whose place is sure and that are right in the end. Negative values are words that
    were guessed before they were over.
    """
    words = [each.text for each in spoken]
    seen: dict[int, float] = {}
    for shown in heard.shown:
        for place in follow(pronounceable(shown.text), words).places:
            seen.setdefault(place, shown.at_s)
    return [
        seen[place] - heard.due_s(spoken[place].end)
        for place in follow(pronounceable(heard.text), words).places
        if spoken[place].sure
    ]
