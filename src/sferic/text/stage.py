"""How the words of a stream look: redaction, then numerals, and what waits for the next final.

The end of a final may be the start of something: a number that is still being dictated, a name that
is being spelled. Those words are held back and come first in the next final, with their times. They
wait for so long:

* until somebody has been silent for `patience`: then the caller says `ended`;
* not longer than `LONGEST_HELD` from their start to the end of the next final, and not more than
  `MOST_HELD` of them: that final says all, its own end included.

With redaction, what cannot be told by then is sent as `[...]`, never as it was said, whatever
redaction thinks of it when it is told that nothing follows: something may.
"""

import functools
import itertools
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, ParamSpec, Protocol, Self, TypeVar

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word
from sferic.text.hesitations import Fluent, Redacting
from sferic.text.redaction.placeholders import PENDING, PLACEHOLDER
from sferic.text.severed import Severed

if TYPE_CHECKING:
    from sferic.text.redaction import NameFinder

P = ParamSpec("P")
T = TypeVar("T")

REDACTION_PATIENCE = 3 * SAMPLE_RATE
"""Samples of silence for which the start of what may be redacted is held back."""
NUMBER_PATIENCE = 3 * SAMPLE_RATE // 2
"""Samples of silence for which the start of a number is held back without redaction."""
LONGEST_HELD = 30 * SAMPLE_RATE
"""Samples from the start of what is held back to the end of the final that it comes in."""
MOST_HELD = 100
"""Words that are held back."""


class TextFault(RuntimeError):  # noqa: N818
    """A fault in the processing of text. It says where, and nothing of the words or values."""


def _discreet(function: Callable[P, T]) -> Callable[P, T]:
    """Keep what is private out of exceptions: whatever fails says only where it did."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
        # Outside of the handler, so that not even the context of the exception has it.
        raise TextFault(place)

    return guarded


class Writing(Protocol):
    """What writes numbers."""

    def write(self, words: Sequence[Word], language: str) -> Sequence[Word]:
        """Write spoken numbers as digits."""

    def open_tail(self, words: Sequence[Word], language: str) -> int:
        """How many trailing words may be a number that goes on."""


class TextStage:
    """The words of one session on their way into messages, in order.

    Args:
        redactor: Masks what must not be seen; None if all may.
        numerals: Writes the numbers of finals; None to leave them.
        draft_numerals: The same for partials.
        hold_numbers: Whether a number that may go on waits for the next final.
    """

    def __init__(
        self,
        *,
        redactor: Redacting | None = None,
        numerals: Writing | None = None,
        draft_numerals: Writing | None = None,
        hold_numbers: bool = True,
    ) -> None:
        self._redactor = redactor
        self._numerals = numerals
        self._draft_numerals = draft_numerals
        self._hold_numbers = hold_numbers and numerals is not None
        self._severed = Severed()
        self._language: str | None = None
        self._verbatim: list[Word] = []
        """Words that redaction waits with."""
        self._masked: list[Word] = []
        """Words before those that numerals wait with."""

    @classmethod
    def of(
        cls,
        *,
        numerals: Literal["true", "false", "auto"] = "auto",
        itn_normalize: bool | None = None,
        redact_pii: bool = False,
        redact_pci: bool = False,
        no_format_delay: bool = False,
        names: "NameFinder | None" = None,
    ) -> Self:
        """Return the stage of a session that asks for this; `Options` says what each means.

        `names` finds names beside the rules, where personal data is redacted.
        """
        from sferic.text.numerals import Numerals  # noqa: PLC0415
        from sferic.text.redaction import Redactor  # noqa: PLC0415

        redacts = redact_pii or redact_pci
        redactor = (
            Fluent(Redactor(pii=redact_pii, pci=redact_pci, names=names)) if redacts else None
        )
        if numerals == "false":
            return cls(redactor=redactor)
        return cls(
            redactor=redactor,
            numerals=Numerals(numerals, full=itn_normalize is not False),
            draft_numerals=Numerals(numerals, full=False),
            hold_numbers=not no_format_delay,
        )

    @property
    def patience(self) -> int | None:
        """Samples of silence after which what is held back has to go; None if nothing ever is."""
        if self._redactor is not None:
            return REDACTION_PATIENCE
        return NUMBER_PATIENCE if self._hold_numbers else None

    @property
    def holding(self) -> bool:
        """Whether words wait for the next final."""
        return bool(self._verbatim or self._masked)

    def prepare(self, languages: Iterable[str]) -> None:
        """Load what some languages need, which blocks the first time in a process."""
        word = Word(text="one", start=0, end=0, confidence=1.0)
        for language in languages:
            self.partial([word], settled=1, language=language)

    @_discreet
    def partial(self, words: Sequence[Word], *, settled: int, language: str) -> list[Word]:
        """Return what may be shown of a segment that is open, what is held back first.

        Args:
            words: All words so far that have been in no final.
            settled: How many of the leading ones will not change; redaction shows no others.
            language: Code of their language.

        Raises:
            TextFault: A fault in here.
        """
        if self._redactor is not None:
            shown = self._mask(self._redactor, words[:settled], language)
            words = self._severed.mask(shown, language)
        shown = [*self._masked, *words]
        if self._draft_numerals is None:
            return shown
        return list(self._draft_numerals.write(shown, language))

    @_discreet
    def final(self, words: Sequence[Word], *, language: str, ended: bool = False) -> list[Word]:
        """Return what a final says: what was held back first, less what is held back now.

        Args:
            words: The next words of the stream.
            language: Code of their language; where it changes, nothing held back goes on.
            ended: Whether nothing is held back, because nothing follows soon.

        Raises:
            TextFault: A fault in here.
        """
        before: list[Word] = []
        if self._language not in {None, language} and self.holding and words:
            before = self._take((), self._language or language, ended=True)
        if words or self._language is None:
            self._language = language
        ended = ended or self._is_overdue(words)
        return before + self._take(words, self._language or language, ended=ended)

    def _mask(self, redactor: Redacting, words: Sequence[Word], language: str) -> Sequence[Word]:
        """Mask what a partial shows, what redaction waits with first."""
        before = self._language or language
        if before == language or not self._verbatim:
            return redactor.partial([*self._verbatim, *words], language)
        held = redactor.partial(self._verbatim, before)
        return [*held, *redactor.partial(words, language)]

    def _take(self, words: Sequence[Word], language: str, *, ended: bool) -> list[Word]:
        words = self._redact([*self._verbatim, *words], language, ended=ended)
        if self._numerals is None:
            return list(words)
        words = [*self._masked, *words]
        waiting = 0
        if self._hold_numbers and not ended:
            waiting = self._numerals.open_tail(words, language)
        count = len(words) - waiting
        self._masked = words[count:]
        return list(self._numerals.write(words[:count], language))

    def _redact(self, words: Sequence[Word], language: str, *, ended: bool) -> Sequence[Word]:
        if self._redactor is None or not words:
            return words
        redacted = self._redactor.final(words, language, ended=False)
        self._verbatim = list(words[len(words) - redacted.held :])
        shown = redacted.words
        if ended and self._verbatim:
            tail = self._redactor.final(self._verbatim, language, ended=True)
            shown = [*shown, *_unresolved(tail.words)]
            self._verbatim = []
        shown = self._severed.mask(shown, language)
        self._severed.note(shown)
        return shown

    def _is_overdue(self, words: Sequence[Word]) -> bool:
        waiting = [*self._masked, *self._verbatim]
        if not waiting or not words:
            return False
        return len(waiting) > MOST_HELD or words[-1].end - waiting[0].start > LONGEST_HELD


def _unresolved(words: Iterable[Word]) -> Iterator[Word]:
    """Mask what redaction had to wait with and cannot tell: it may be a part of something."""
    for masked, group in itertools.groupby(words, key=_is_masked):
        run = list(group)
        if masked:
            yield from run
        else:
            end = run[-1].end
            yield msgspec.structs.replace(run[0], text=PENDING, end=end, confidence=1.0)


def _is_masked(word: Word) -> bool:
    return PLACEHOLDER.search(word.text) is not None
