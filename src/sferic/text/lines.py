"""Numerals, redaction and sentences for text that comes in lines, such as a chat log."""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from sferic.recognition.hypothesis import Word, join
from sferic.text import sentences, style
from sferic.text.stage import TextStage

_TOKEN = re.compile(r"\S+")


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the input and what stands in its place; characters count from 0."""

    line: int
    """Number of the line in which it begins, counted from 1."""
    start: int
    """Its first character there."""
    end_line: int
    """Number of the line in which it ends."""
    end: int
    """The character after its last there."""
    text: str
    """A placeholder, or a word as it is written."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of output."""

    line: int
    """Its number, and that of the line of input it answers, counted from 1."""
    text: str
    sentences: tuple[str, ...]
    """The text by sentence."""
    spans: tuple[Span, ...]
    """What differs from the input, in order."""


class _Given(msgspec.Struct, frozen=True):
    """A line of input and its place: times count characters since the session began."""

    number: int
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class Lines:
    """Processes lines as the finals of one session after another.

    Every line is one final, and an empty one ends the session: placeholders are numbered anew
    behind it. What a line holds back, because it may go on, comes with the next line; where none
    follows, at its own end, masked if redaction cannot tell what it is.

    Args:
        language: Code of the language, one of `sferic.languages.CODES`.
        numerals: Whether to write spoken numbers as digits, or where writing has them.
        itn_normalize: Whether to write money, dates, phone numbers and e-mail addresses out; unset,
            it follows `numerals`.
        redact_pii: Whether to mask names, addresses and other personal data.
        redact_pci: Whether to mask card and account numbers.
        no_format_delay: Whether a number at the end of a line is written as it stands.
        punctuate: Whether punctuation stays.
        capitalize: Whether capitals stay.
    """

    def __init__(
        self,
        *,
        language: str = "en",
        numerals: Literal["true", "false", "auto"] = "auto",
        itn_normalize: bool | None = None,
        redact_pii: bool = False,
        redact_pci: bool = False,
        no_format_delay: bool = False,
        punctuate: bool = True,
        capitalize: bool = True,
    ) -> None:
        self._language = language
        self._new_stage = functools.partial(
            TextStage.of,
            numerals=numerals,
            itn_normalize=itn_normalize,
            redact_pii=redact_pii,
            redact_pci=redact_pci,
            no_format_delay=no_format_delay,
        )
        self._style = {"punctuate": punctuate, "capitalize": capitalize}
        self._stage = self._new_stage()
        self._given: list[_Given] = []
        self._number = 0
        self._waiting: list[Word] | None = None

    def feed(self, line: str) -> list[Line]:
        """Take the next line, without its line break; return the lines that are ready.

        One that holds something back is ready when it is known whether another follows.
        """
        ready = self._finished(ended=not line.strip())
        self._number += 1
        if not line.strip():
            ready.append(Line(line=self._number, text=line, sentences=(), spans=()))
            return ready
        start = self._given[-1].end + 1 if self._given else 0
        self._given.append(_Given(self._number, start, line))
        words = [
            Word(text=token[0], start=start + token.start(), end=start + token.end(), confidence=1)
            for token in _TOKEN.finditer(line)
        ]
        self._waiting = self._stage.final(words, language=self._language)
        if not self._stage.holding:
            ready += self._finished(ended=False)
        return ready

    def finish(self) -> list[Line]:
        """End the session; return the line that was not ready, if there is one."""
        return self._finished(ended=True)

    def _finished(self, *, ended: bool) -> list[Line]:
        """Return the line that waits, with what it held back if nothing follows."""
        words, self._waiting = self._waiting, None
        lines = []
        if words is not None:
            if ended:
                words += self._stage.final((), language=self._language, ended=True)
            lines.append(self._line(words))
        if ended:
            self._stage, self._given = self._new_stage(), []
        return lines

    def _line(self, words: Sequence[Word]) -> Line:
        styled = style.apply(words, **self._style)
        groups = sentences.split(words, language=self._language)
        spoken = (join(style.apply(group, **self._style)) for group in groups)
        line = Line(
            line=self._number,
            text=self._text(styled),
            sentences=tuple(filter(None, spoken)),
            spans=tuple(filter(None, map(self._span, styled))),
        )
        if words:
            end = words[-1].end
            self._given = [given for given in self._given if given.end >= end] or self._given[-1:]
        return line

    def _text(self, words: Sequence[Word]) -> str:
        """Join words with the blanks that were between them."""
        text, at = "", self._given[-1].start
        for word in words:
            given = self._line_at(word.start)
            before = given.text[max(at - given.start, 0) : word.start - given.start]
            same = given.start <= at
            text += (before if same and not before.strip() else " " * bool(text)) + word.text
            at = word.end
        rest = self._given[-1].text[max(at - self._given[-1].start, 0) :]
        return text + rest if not rest.strip() else text

    def _span(self, word: Word) -> Span | None:
        """Say what a word stands for, without the punctuation that both have around them."""
        first, last = self._line_at(word.start), self._line_at(word.end - 1)
        start, end, text = word.start - first.start, word.end - last.start, word.text
        if first is last:
            source = first.text[start:end]
            if source == text:
                return None
            left, right = _common(source, text), _common(source[::-1], text[::-1])
            start, end, text = start + left, end - right, text[left : len(text) - right]
        return Span(line=first.number, start=start, end_line=last.number, end=end, text=text)

    def _line_at(self, place: int) -> _Given:
        return next(given for given in reversed(self._given) if given.start <= place)


def process(
    lines: Iterable[str],
    *,
    language: str = "en",
    numerals: Literal["true", "false", "auto"] = "auto",
    itn_normalize: bool | None = None,
    redact_pii: bool = False,
    redact_pci: bool = False,
    no_format_delay: bool = False,
    punctuate: bool = True,
    capitalize: bool = True,
) -> Iterator[Line]:
    """Yield a line for each line, as soon as it is ready; `Lines` says what the arguments mean."""
    conversation = Lines(
        language=language,
        numerals=numerals,
        itn_normalize=itn_normalize,
        redact_pii=redact_pii,
        redact_pci=redact_pci,
        no_format_delay=no_format_delay,
        punctuate=punctuate,
        capitalize=capitalize,
    )
    for line in lines:
        yield from conversation.feed(line.rstrip("\r\n"))
    yield from conversation.finish()


def _common(one: str, other: str) -> int:
    """Count the leading punctuation that two texts share."""
    count = 0
    for a, b in zip(one[:-1], other[:-1], strict=False):
        if a != b or a.isalnum() or a == "[":
            break
        count += 1
    return count
