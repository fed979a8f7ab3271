"""Words as rules see them: without case and the punctuation around them, and back again."""

import re
from collections.abc import Sequence

import msgspec

from sferic.recognition.hypothesis import Word

_OUTER = re.compile(r"([^\w$€£¥₹%°+\-−@#]*)(.*?)([^\w$€£¥₹%°+@#]*)", re.DOTALL)
_MARKS = re.compile("[\u0300-\u036f\u0900-\u0d7f]+$")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_PLACEHOLDER = re.compile(r"\[(?:[A-Za-z]+_\d+|\.\.\.)\]")


class Token(msgspec.Struct, frozen=True):
    """A word, with those that are glued to it."""

    norm: str
    """What it is matched by: lower case, without outer punctuation; nothing if it is never read."""
    text: str
    """The same as it stands in the transcript."""
    lead: str
    trail: str
    words: tuple[Word, ...]


def tokenize(words: Sequence[Word]) -> list[Token]:
    """Group words into tokens: a word and what is glued to it are one."""
    groups: list[list[Word]] = []
    for word in words:
        if word.glued and groups:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_token(tuple(group)) for group in groups]


def _token(words: tuple[Word, ...]) -> Token:
    text = "".join(word.text for word in words)
    if _PLACEHOLDER.search(text):
        return Token("", text, "", "", words)
    if text.isalpha():
        return Token(text.lower(), text, "", "", words)
    match = _OUTER.fullmatch(text)
    lead, core, trail = match.groups() if match else ("", text, "")
    marks = re.match("[\u0900-\u0d7f]+", trail)
    if marks and not trail.startswith(("।", "॥")):
        core, trail = core + marks[0], trail[marks.end() :]
    norm = core.lower().replace("’", "'")
    if _INITIALS.fullmatch(norm):
        norm = norm.replace(".", "")
    return Token(norm, core, lead, trail, words)


def merge(tokens: Sequence[Token], text: str, *, first: bool, last: bool) -> Word:
    """Make one word of several tokens.

    It spans them, has the least of their confidences, and the speaker and glue of the first.

    Args:
        tokens: What is merged; at least one.
        text: What is written for them.
        first: Whether the punctuation before the first belongs to it.
        last: Whether the punctuation behind the last does.
    """
    words = [word for token in tokens for word in token.words]
    trail = tokens[-1].trail if last else ""
    if text.endswith(".") and trail.startswith("."):
        trail = trail[1:]
    return msgspec.structs.replace(
        words[0],
        text=(tokens[0].lead if first else "") + text + trail,
        end=max(word.end for word in words),
        confidence=min(word.confidence for word in words),
    )
