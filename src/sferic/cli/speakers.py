"""Who said what in a final, as people read it and as NIST's Rich Transcription writes it (RTTM)."""

from collections.abc import Iterator
from itertools import groupby

import msgspec
from msgspec import UNSET

from sferic.protocol.messages import Transcription

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")

_JOINED_S = 0.5
"""A shorter silence does not part what one speaker says."""


class Said(msgspec.Struct, frozen=True):
    """What one speaker says without another in between."""

    speaker: int | None
    text: str
    start: float
    """Seconds."""
    end: float


def said(final: Transcription) -> list[Said]:
    """Cut a final where the speaker changes; where nobody knows, it is in one."""
    text = final.transcript.strip()
    if final.words is UNSET or not final.words:
        return [Said(None, text, 0.0, 0.0)] if text else []
    places = _places(text, [word.word for word in final.words])
    whose = [None if word.speaker is UNSET else word.speaker for word in final.words]
    runs = [[index for index, _ in run] for _, run in groupby(enumerate(whose), key=lambda x: x[1])]
    ends = [places[run[0]] for run in runs[1:]] + [len(text)]
    starts = [0, *ends[:-1]]
    return [
        Said(whose[run[0]], text[start:end].strip(), first.start, last.end)
        for run, start, end in zip(runs, starts, ends, strict=True)
        for first, last in [(final.words[run[0]], final.words[run[-1]])]
    ]


def name(speaker: int) -> str:
    """Return what a speaker is called."""
    return f"Speaker {speaker + 1}"


class Turns:
    """The turns of a session as lines of RTTM, as finals come.

    Args:
        recording: What the lines call it.
    """

    def __init__(self, recording: str) -> None:
        self._recording = "_".join(recording.split()) or "-"
        self._open: Said | None = None

    def add(self, final: Transcription) -> Iterator[str]:
        """Take a final; return the lines of turns that are over."""
        for turn in said(final):
            before = self._open
            near = before is not None and turn.start - before.end < _JOINED_S
            if before is not None and near and before.speaker == turn.speaker:
                self._open = msgspec.structs.replace(before, end=turn.end)
            else:
                yield from self.finish()
                self._open = turn

    def finish(self) -> Iterator[str]:
        """Return the line of the turn that is open."""
        turn, self._open = self._open, None
        if turn is not None and turn.speaker is not None:
            yield (
                f"SPEAKER {self._recording} 1 {turn.start:.3f} {turn.end - turn.start:.3f} "
                f"<NA> <NA> speaker_{turn.speaker} <NA> <NA>\n"
            )


def _places(text: str, words: list[str]) -> list[int]:
    """Where each word begins; placeholders are written small in words and large in the text."""
    places, at, small = [], 0, text.lower()
    for word in words:
        found = small.find(word.lower(), at)
        places.append(at if found < 0 else found)
        at = places[-1] + (len(word) if found >= 0 else 0)
    return places
