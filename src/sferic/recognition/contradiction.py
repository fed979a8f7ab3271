"""Whether a text is in another language than was heard: by its script, its letters, its words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from sferic.recognition.hypothesis import Word

_SCRIPTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "CYRILLIC": ("ru", "uk", "bg"),
        "DEVANAGARI": ("hi", "mr"),
        "BENGALI": ("bn",),
        "GUJARATI": ("gu",),
        "GURMUKHI": ("pa",),
        "ORIYA": ("or",),
        "TAMIL": ("ta",),
        "TELUGU": ("te",),
        "KANNADA": ("kn",),
        "MALAYALAM": ("ml",),
    }
)
"""First word of the Unicode names of letters; every language that is not here is in Latin ones."""
_NOT_LATIN = frozenset(code for codes in _SCRIPTS.values() for code in codes)

_OWN_LETTERS: Mapping[str, str] = MappingProxyType({"uk": "іїєґ", "ru": "ыэё", "mr": "ळ"})
"""Letters that a language has and the others of its script here lack."""

_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        code: frozenset(words.split())
        for code, words in {
            "en": "the of and to is that it was you for with have this are they what from not",
            "de": "der die das und ist nicht ich ein eine zu den mit sich auf wir auch sie was",
            "fr": "le les et est une des que pas vous nous dans qui pour sur avec je il ce mais",
            "es": "el los las y que una es por con para se lo su pero como más está muy del",
            "pt": "o os uma é que não com para um em do da ao mas como mais você isso são",
            "it": "il gli che è non una di per con sono della del ma come più questo anche lo",
            "nl": "het een van en ik niet dat is zijn te op met voor je wij maar ook naar was",
            "pl": "i w nie na się że jest to z do jak co ale tak czy po przez tylko",
            "sv": "och att det är som en på jag inte för med av ett har den vi kan till",
            "da": "og at det er som en på jeg ikke til med af et har den vi kan der for",
            "fi": "ja on ei se että hän oli mutta kun niin myös tai ovat minä sinä kuin",
            "ro": "și în că este nu o cu pe la un de mai care din pentru sunt să dar",
            "cs": "a je se na že to v s ale jsem jako by tak co jsou nebo když jeho",
            "sk": "a je sa na že to v s ale som ako by tak čo sú alebo keď jeho",
            "hu": "a az és hogy nem is egy van ez de meg csak mint ha már volt lesz",
        }.items()
    }
)
"""Words that hardly a sentence does without. Only those that no other language here has count."""
_SHARED = frozenset(
    word
    for word, languages in Counter(word for words in _WORDS.values() for word in words).items()
    if languages > 1
)
_FEWEST_LETTERS = 6
"""Of another script, below which a text may be a name."""
_FEWEST_WORDS = 3
"""Different words of another language, and none of the one that was heard, that decide."""
_SHARE = 0.25
"""Of all words, that they have at least."""
_FEWEST_OWN = 2
"""Letters of another language alone that decide."""
_LETTERS = re.compile(r"[^\W\d_]+")


def contradicted(words: Sequence[Word], language: str, candidates: Sequence[str]) -> str | None:
    """Return the language that the words are in beyond doubt, if it is not the one named.

    Args:
        words: The text.
        language: What was heard.
        candidates: What it may be, the likeliest first.
    """
    text = unicodedata.normalize("NFC", " ".join(word.text for word in words)).casefold()
    written = _by_script(text, language, candidates) or _by_words(text, language, candidates)
    return None if written == language else written


def _by_script(text: str, language: str, candidates: Sequence[str]) -> str | None:
    """The language that the letters are of; None where Latin ones leave that open."""
    counts = Counter(_script(letter) for letter in text if letter.isalpha())
    if not counts:
        return None
    script, count = counts.most_common(1)[0]
    if script == "LATIN" or count < _FEWEST_LETTERS:
        return None
    fitting = [code for code in candidates if code in _SCRIPTS.get(script, ())]
    owned = {
        code: sum(text.count(letter) for letter in _OWN_LETTERS.get(code, "")) for code in fitting
    }
    rivals = [code for code in fitting if owned[code] >= _FEWEST_OWN]
    if len(rivals) == 1 and not owned.get(language):
        return rivals[0]
    if language in fitting or not fitting:
        return language
    return fitting[0]


def _by_words(text: str, language: str, candidates: Collection[str]) -> str | None:
    spoken = _LETTERS.findall(text)
    found = {
        code: {word for word in spoken if word in _WORDS[code] and word not in _SHARED}
        for code in {*candidates, language} & _WORDS.keys()
    }
    if language not in found and language not in _NOT_LATIN:
        return None
    if found.get(language):
        return None
    rivals = sorted(
        (code for code in found if code != language), key=lambda code: -len(found[code])
    )
    if not rivals:
        return None
    best = rivals[0]
    counted = sum(word in found[best] for word in spoken)
    runner_up = len(found[rivals[1]]) if len(rivals) > 1 else 0
    if len(found[best]) < _FEWEST_WORDS or runner_up or counted < _SHARE * len(spoken):
        return None
    return best


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]
