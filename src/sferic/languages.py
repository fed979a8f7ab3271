"""The languages of the protocol: codes, names, and the aggregates that stand for several."""

import re
from collections.abc import Mapping
from types import MappingProxyType

CODES: Mapping[str, str] = MappingProxyType(
    {
        "bg": "Bulgarian",
        "bn": "Bengali",
        "cs": "Czech",
        "da": "Danish",
        "de": "German",
        "en": "English",
        "es": "Spanish",
        "et": "Estonian",
        "fi": "Finnish",
        "fr": "French",
        "gu": "Gujarati",
        "hi": "Hindi",
        "hu": "Hungarian",
        "it": "Italian",
        "kn": "Kannada",
        "lt": "Lithuanian",
        "lv": "Latvian",
        "ml": "Malayalam",
        "mr": "Marathi",
        "mt": "Maltese",
        "nl": "Dutch",
        "or": "Odia",
        "pa": "Punjabi",
        "pl": "Polish",
        "pt": "Portuguese",
        "ro": "Romanian",
        "ru": "Russian",
        "sk": "Slovak",
        "sv": "Swedish",
        "ta": "Tamil",
        "te": "Telugu",
        "uk": "Ukrainian",
    }
)
"""ISO 639-1 codes of the protocol, and their English names."""

_NORTH_INDIC = ("hi", "mr", "gu", "pa", "bn", "or")
_SOUTH_INDIC = ("ta", "te", "kn", "ml")
_INDIC = (*_NORTH_INDIC, *_SOUTH_INDIC)

AGGREGATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "multi": tuple(CODES),
        "multi-eu": tuple(code for code in CODES if code not in _INDIC),
        "multi-indic": ("en", *_INDIC),
        "north_indic": ("en", *_NORTH_INDIC),
        "multi-south-indic": ("en", *_SOUTH_INDIC),
    }
)
"""Names that stand for several languages, one of which is detected in each segment.

English is in every aggregate: it is what speakers of the others mix in.
"""

_SPELLINGS = {name.replace("_", "-"): name for name in AGGREGATES}
_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z0-9]{1,8})*", re.ASCII)


def fold(code: str) -> str:
    """Reduce a language tag to the form the protocol uses, without asking whether it is known.

    Case does not matter, and `_` may stand for `-`: `en-US` and `EN_us` become `en`,
    `North-Indic` becomes `north_indic`. What is neither an aggregate nor shaped like a BCP-47
    tag comes back as it is.
    """
    tag = code.lower().replace("_", "-")
    if tag in _SPELLINGS:
        return _SPELLINGS[tag]
    match = _TAG.fullmatch(tag)
    return match[1] if match else code


def is_known(code: str) -> bool:
    """Tell whether a folded code is one of the languages or aggregates of the protocol."""
    return code in CODES or code in AGGREGATES


def is_aggregate(code: str) -> bool:
    """Tell whether a folded code stands for several languages."""
    return code in AGGREGATES


def candidates(code: str) -> tuple[str, ...]:
    """Return the languages that a folded code stands for: itself, or the aggregate's members.

    Raises:
        LookupError: no such language.
    """
    if code in AGGREGATES:
        return AGGREGATES[code]
    if code in CODES:
        return (code,)
    message = f"there is no language {code!r}"
    raise LookupError(message)
