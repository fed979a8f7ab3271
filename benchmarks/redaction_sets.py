"""Marked conversations: who says what, and what of it is private.

A line is a turn, a blank line ends the session, `# name` begins a section. A private part is
written `{TYPE|words}`; `{TYPE/OTHER|words}` where either is right. A word after `~` may be masked
with the rest or stay (`{AGE|forty ~years ~old}`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

Chosen = Literal["first", "second", "third"]
"""The set that was measured while rules were being improved, or those written after them."""

_FIRST = Path(__file__).parent / "sets" / "redaction"
FOLDERS: Mapping[Chosen, Path] = {
    "first": _FIRST,
    "second": _FIRST / "unseen",
    "third": _FIRST / "third",
}
TYPES = (
    *("FIRSTNAME", "LASTNAME", "ADDRESS", "BUILDINGNUMBER", "CITY", "STATE", "ZIPCODE"),
    *("PHONENUMBER", "EMAIL", "DATE", "TIME", "SSN", "AGE", "URL", "IPADDRESS"),
    *("CREDITCARDNUMBER", "CREDITCARDCVV", "CREDITCARDEXPIRY"),
    *("ACCOUNTNUMBER", "IBAN", "ROUTINGNUMBER", "PIN"),
)
"""What is redacted, in the order of the tables."""

_SPAN = re.compile(r"\{([A-Z/]+)\|([^{}]+)\}")
_WORD = re.compile(r"\S+")
_PUNCTUATION = '.,;:!?…¿¡«»()[]"“”„।'
_INITIALISM = re.compile(r"(?:\w\.)+\w")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A word of a turn."""

    text: str
    span: int | None = None
    """Which of the session's spans it is part of."""
    part: str = ""
    """What of it belongs to the span."""
    optional: bool = False
    """Whether it may stay readable."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Turns of one conversation."""

    section: str
    turns: tuple[tuple[Token, ...], ...]
    spans: tuple[tuple[str, ...], ...]
    """The types of each private part: the first is the one it is counted as, all are right."""

    @property
    def tokens(self) -> list[Token]:
        """The words of all turns."""
        return [token for turn in self.turns for token in turn]


class SetError(ValueError):
    """A line of a set is not as it should be."""

    def __init__(self, line: str, why: str) -> None:
        super().__init__(f"{why}: {line}")


def sessions(text: str) -> list[Session]:
    """Read marked conversations.

    Raises:
        SetError: A type is unknown, or two spans share a word.
    """
    found: list[Session] = []
    section = ""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.splitlines()
        if lines[0].startswith("# "):
            section = lines.pop(0)[2:].strip()
        if lines:
            found.append(_session(section, lines))
    return found


def read(language: str, chosen: Chosen = "first") -> list[Session]:
    """Read a set of a language.

    Raises:
        SetError: It is not well formed.
    """
    return sessions((FOLDERS[chosen] / f"{language}.txt").read_text(encoding="utf-8"))


def lowered(session: Session) -> Session:
    """The same as a recogniser without case and punctuation writes it."""
    turns = (tuple(_lowered(turn)) for turn in session.turns)
    return msgspec.structs.replace(session, turns=tuple(turn for turn in turns if turn))


def _session(section: str, lines: Sequence[str]) -> Session:
    spans: list[tuple[str, ...]] = []
    turns = tuple(tuple(_turn(line, spans)) for line in lines)
    return Session(section=section, turns=turns, spans=tuple(spans))


def _turn(line: str, spans: list[tuple[str, ...]]) -> Iterator[Token]:
    """Tokens of a line; its spans are added to those of the session."""
    text, owner = "", list[int | None]()
    end = 0
    for match in _SPAN.finditer(line):
        types = tuple(match[1].split("/"))
        if unknown := set(types) - set(TYPES):
            raise SetError(line, f"unknown type {min(unknown)}")
        between = line[end : match.start()]
        text += between + match[2]
        owner += [None] * len(between) + [len(spans)] * len(match[2])
        spans.append(types)
        end = match.end()
    text += line[end:]
    owner += [None] * (len(line) - end)
    if "{" in text or "}" in text:
        raise SetError(line, "unbalanced braces")
    for word in _WORD.finditer(text):
        yield _token(word[0], owner[word.start() : word.end()], line)


def _token(text: str, owner: Sequence[int | None], line: str) -> Token:
    spans = {span for span in owner if span is not None}
    if len(spans) > 1:
        raise SetError(line, "two spans in a word")
    part = "".join(letter for letter, span in zip(text, owner, strict=True) if span is not None)
    return Token(
        text=text.removeprefix("~"),
        span=spans.pop() if spans else None,
        part=part.removeprefix("~"),
        optional=text.startswith("~") or not any(map(str.isalnum, part)),
    )


def _lowered(turn: Iterable[Token]) -> Iterator[Token]:
    for token in turn:
        text = _bare(token.text)
        if text:
            yield msgspec.structs.replace(token, text=text, part=_bare(token.part))


def _bare(text: str) -> str:
    bare = text.casefold().strip(_PUNCTUATION)
    return bare.replace(".", "") if _INITIALISM.fullmatch(bare) else bare
