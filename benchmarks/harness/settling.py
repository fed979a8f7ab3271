"""Whether words that partials settle on stay, in later partials and in the final."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from benchmarks.harness.words import follow, plain
from sferic.recognition.hypothesis import Hypothesis, Word


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What recognition made of one piece of speech."""

    drafts: tuple[Hypothesis, ...]
    """While it was open; each says how many of its leading words are settled."""
    final: Hypothesis
    torn: bool
    """Whether words of it may have been left to the next piece."""


class Settling(msgspec.Struct, frozen=True, kw_only=True):
    """Settled words and what became of them, and finals that took more than one decoding."""

    drafts: int = 0
    settled: int = 0
    """Words that the last draft of a piece counts as settled."""
    kept: int = 0
    """Those of them that are in the final."""
    changed: int = 0
    """Words that one draft counts as settled and the next of the piece has not in their place."""
    finals: int = 0
    broken: int = 0
    """Finals that were decoded again because the first answer could not be one."""
    unlikely: int = 0
    """Finals that were decoded again because the first answer was unlikely."""

    @property
    def lost(self) -> float | None:
        """Percent of settled words that are not in the final."""
        return 100 * (self.settled - self.kept) / self.settled if self.settled else None

    @property
    def repaired(self) -> float | None:
        """Percent of finals that were decoded again because the first answer could not be one."""
        return 100 * self.broken / self.finals if self.finals else None

    def __add__(self, other: "Settling") -> "Settling":
        return Settling(
            drafts=self.drafts + other.drafts,
            settled=self.settled + other.settled,
            kept=self.kept + other.kept,
            changed=self.changed + other.changed,
            finals=self.finals + other.finals,
            broken=self.broken + other.broken,
            unlikely=self.unlikely + other.unlikely,
        )


def settling(pieces: Sequence[Piece]) -> Settling:
    """Count over the pieces of one stream.

    Settled words are aligned with the beginning of the final, with the fewest edits, and compared
    without case and punctuation. Words behind the cut of a torn piece are looked for in the next.
    """
    counted = Settling()
    for index, piece in enumerate(pieces):
        said = _plain(piece.final.words)
        if piece.torn and index + 1 < len(pieces):
            said += _plain(pieces[index + 1].final.words)
        settled = _settled(piece.drafts[-1]) if piece.drafts else []
        counted += Settling(
            drafts=len(piece.drafts),
            settled=len(settled),
            kept=len(follow(settled, said).places),
            changed=sum(
                _displaced(_settled(before), _plain(after.words))
                for before, after in pairwise(piece.drafts)
            ),
            finals=1,
            broken=piece.final.again == "broken",
            unlikely=piece.final.again == "unlikely",
        )
    return counted


def _settled(draft: Hypothesis) -> list[str]:
    return _plain(draft.words[: draft.settled])


def _displaced(settled: Sequence[str], later: Sequence[str]) -> int:
    stayed = sum(one == other for one, other in zip(settled, later, strict=False))
    return len(settled) - stayed


def _plain(words: Sequence[Word]) -> list[str]:
    return [text for word in words if (text := plain(word.text))]
