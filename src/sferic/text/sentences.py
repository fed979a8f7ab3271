"""Sentences over words.

A sentence ends at a word whose punctuation says so, judged by the word after it: rules as in
Grefenstette & Tapanainen, "What is a word, what is a sentence?" (1994), with the terminators of
every script of the protocol's languages and a short list of abbreviations for each language.
"""

import re
from collections.abc import Sequence

import msgspec

from sferic.recognition.hypothesis import Word
from sferic.text.abbreviations import AFTER_ORDINALS, BEFORE_ANYTHING, BEFORE_NUMBERS, STARTERS
from sferic.text.redaction.placeholders import PLACEHOLDER

_CLOSERS = "\"'”’“‘»›«‹)]}」』）】*"
_OPENERS = "¿¡([{„‚"
_ALWAYS = "।॥۔؟。！？｡"
_TERMINATORS = ".…?!‽⁇⁈⁉" + _ALWAYS
_ELLIPSIS = re.compile(r"(?:\.\.|…)$")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.){2,}")
_LOOKAHEAD = 3
_OPENING = {
    # Where quotations are „so“ or »so«, what elsewhere opens them closes them.
    **dict.fromkeys(("de", "cs", "sk"), frozenset("»›")),
    **dict.fromkeys(("da", "hu"), frozenset("»›“‘")),
    **dict.fromkeys(("bg", "et", "lt", "lv"), frozenset("«‹")),
}
_OPENING_ELSEWHERE = frozenset("«‹“‘")
_NAMES = ("[FIRSTNAME_", "[LASTNAME_", "[CITY_", "[STATE_")
_NAME, _NUMBER = "字", "0x"
"""What stands for placeholders here: it has no case and looks like no ordinal or initial."""
_EMPTY: frozenset[str] = frozenset()


def split(words: Sequence[Word], *, language: str | None = None) -> list[tuple[Word, ...]]:
    """Group words into sentences: every word in one, in order, none empty.

    The last one may lack its end. A change of speaker ends a sentence too.

    Args:
        words: Words as they stand in the transcript, punctuation included.
        language: Code of their language, for its abbreviations and quotation marks.
    """
    language = language or ""
    plain = [_without_placeholder(word) for word in words]
    # Where nothing has a capital, a lower-case word says nothing about what comes before it.
    cased = any(word.text != word.text.lower() for word in plain)
    sentences = []
    start = last = 0
    for index in range(1, len(words)):
        after = plain[index]
        if not _speakers_differ(plain[index - 1], after):
            if _trails(after, plain[start:index], language):
                continue
            before = "".join(word.text for word in plain[last:index])
            following = _following(plain[index : index + _LOOKAHEAD])
            if not _ends(
                before, after, following, first=last == start, cased=cased, language=language
            ):
                last = index
                continue
        sentences.append(tuple(words[start:index]))
        start = last = index
    if words:
        sentences.append(tuple(words[start:]))
    return sentences


def _without_placeholder(word: Word) -> Word:
    """Return a word with what looks like its kind in the place of a placeholder."""
    text = PLACEHOLDER.sub(_stand_in, word.text)
    return word if text == word.text else msgspec.structs.replace(word, text=text)


def _stand_in(placeholder: re.Match[str]) -> str:
    return _NAME if placeholder[0].startswith(_NAMES) else _NUMBER


def _speakers_differ(before: Word, after: Word) -> bool:
    return None not in (before.speaker, after.speaker) and before.speaker != after.speaker


def _trails(word: Word, sentence: Sequence[Word], language: str) -> bool:
    """Tell whether a word is only the end of the one before it, such as a quotation mark."""
    if word.text.strip(_CLOSERS + _TERMINATORS):
        return False
    if word.text == '"':
        return sum(one.text.count('"') for one in sentence) % 2 == 1
    return word.text not in _OPENING.get(language, _OPENING_ELSEWHERE)


def _following(words: Sequence[Word]) -> str:
    """Return the first word of some without the punctuation around it."""
    return next(filter(None, (_core(word.text) for word in words)), "")


def _core(text: str) -> str:
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return text[start:end]


def _ends(
    before: str, after: Word, following: str, *, first: bool, cased: bool, language: str
) -> bool:
    stopped = before.rstrip(_CLOSERS).lstrip(_CLOSERS + _OPENERS)
    if not stopped or stopped[-1] not in _TERMINATORS:
        return False
    if stopped[-1] in _ALWAYS:
        return True
    if after.glued or (cased and following[:1].islower()):
        return False
    if _ELLIPSIS.search(stopped):
        return language != "en" or re.match(r"I\b", following) is None
    return stopped[-1] != "." or not _is_inside(
        stopped, after.text, following, first=first, language=language
    )


def _is_inside(stopped: str, after: str, following: str, *, first: bool, language: str) -> bool:
    """Tell whether a word with one full stop is written so in the middle of a sentence."""
    name = stopped[:-1].lower()
    if name in BEFORE_ANYTHING.get(language, _EMPTY):
        return True
    if name in BEFORE_NUMBERS.get(language, _EMPTY) and following[:1].isdigit():
        return True
    if name.isdecimal():
        return (first and following[:1].isalpha()) or (
            following.lower() in AFTER_ORDINALS.get(language, _EMPTY)
        )
    if _ACRONYM.fullmatch(stopped) or (len(name) == 1 and stopped[0].isupper()):
        return after.rstrip(",").lower() not in STARTERS.get(language, _EMPTY)
    return False
