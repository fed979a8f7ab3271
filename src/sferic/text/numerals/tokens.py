"""Words as rules see them: without case and the punctuation around them, and back again."""

import re
import unicodedata
from collections.abc import Callable, Sequence

import msgspec

from sferic.recognition.hypothesis import Word

_OUTER = re.compile(r"([^\w$€£¥₹%°+\-−@#]*)(.*?)([^\w$€£¥₹%°+@#]*)", re.DOTALL)
_SIGNS = re.compile("[\u0900-\u0963\u0966-\u0d7f\u200c\u200d]+")
"""Signs of the scripts of India that a word may end with, which are no letters to `re`."""
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


def tokenize(words: Sequence[Word], elided: Callable[[str], int] | None = None) -> list[Token]:
    """Group words into tokens: a word and what is glued to it are one.

    Args:
        words: The words.
        elided: How many letters of a word are another before it, and so are no more part of it than
            punctuation is: the two of `l'otto`.
    """
    groups: list[list[Word]] = []
    for word in words:
        if word.glued and groups:
            groups[-1].append(word)
        else:
            groups.append([word])
    tokens = [_token(tuple(group)) for group in groups]
    return [_without(token, elided(token.norm)) for token in tokens] if elided else tokens


def _without(token: Token, size: int) -> Token:
    """Make the first letters of a word part of what stands before it."""
    if not size:
        return token
    lead, text = token.lead + token.text[:size], token.text[size:]
    return msgspec.structs.replace(token, norm=token.norm[size:], text=text, lead=lead)


def _token(words: tuple[Word, ...]) -> Token:
    text = "".join(word.text for word in words)
    if _PLACEHOLDER.search(text):
        return Token("", text, "", "", words)
    if text.isalpha():
        return Token(text.lower(), text, "", "", words)
    match = _OUTER.fullmatch(text)
    lead, core, trail = match.groups() if match else ("", text, "")
    signs = _SIGNS.match(trail)
    if signs:
        core, trail = core + signs[0], trail[signs.end() :]
    norm = unicodedata.normalize("NFC", core.lower().replace("’", "'"))
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
