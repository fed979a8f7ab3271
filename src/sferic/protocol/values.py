"""How the value of an option is written in a query, checked, and described."""

import math
import re
from collections.abc import Sequence
from typing import ClassVar

import msgspec

from sferic import languages

SHOWN_CHARACTERS = 80
"""Longest piece of a client's own text that a message repeats."""


def shown(text: str) -> str:
    """Make a client's text safe to repeat: cut short, and nothing in it that does not print."""
    cut = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What the values of an option are: the base of the kinds below.

    A subclass says how a value is read (`_read`, None for what cannot be), what is allowed
    (`_accept`, with a reason in the ValueError where `allowed` does not say it all) and how it is
    written (`_write`).
    """

    @property
    def allowed(self) -> str:
        """What is allowed, as a phrase that follows "it must be"."""
        raise NotImplementedError

    @property
    def schema(self) -> dict[str, object]:
        """What is allowed as JSON Schema, for the value and not for how a query writes it."""
        raise NotImplementedError

    def parse(self, text: str) -> object:
        """Read a value from a query.

        Raises:
            ValueError: the value is not allowed.
        """
        return self._accept(self._read(text))

    def check(self, value: object) -> object:
        """Check a value from Python and return it in its normal form.

        Raises:
            ValueError: the value is not allowed.
        """
        return self._accept(value)

    def write(self, value: object) -> str:
        """Write a checked value as a query says it; `parse` reads it back."""
        return self._write(value)

    def _read(self, text: str) -> object:
        return text

    def _accept(self, value: object) -> object:
        raise NotImplementedError

    def _write(self, value: object) -> str:
        return str(value)


class Flag(Kind, frozen=True):
    """`true` or `false` in any case, `1` or `0`."""

    allowed = "true or false"
    schema: ClassVar[dict[str, object]] = {"type": "boolean"}

    def _read(self, text: str) -> object:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())

    def _accept(self, value: object) -> object:
        if isinstance(value, bool):
            return value
        raise ValueError

    def _write(self, value: object) -> str:
        return "true" if value else "false"


class Switch(Kind, frozen=True, kw_only=True):
    """A flag with a third word; all of them strings in Python."""

    third: str

    @property
    def allowed(self) -> str:
        """The three."""
        return f"true, false or {self.third}"

    @property
    def schema(self) -> dict[str, object]:
        """The three words."""
        return {"type": "string", "enum": ["true", "false", self.third]}

    def _read(self, text: str) -> object:
        lower = text.lower()
        return {"1": "true", "0": "false"}.get(lower, lower)

    def _accept(self, value: object) -> object:
        if value in ("true", "false", self.third):
            return value
        raise ValueError


class Choice(Kind, frozen=True, kw_only=True):
    """One of a few values, written exactly so."""

    values: tuple[str | int, ...]

    @property
    def allowed(self) -> str:
        """All of them."""
        return "one of " + ", ".join(map(str, self.values))

    @property
    def schema(self) -> dict[str, object]:
        """All of them."""
        whole = all(isinstance(value, int) for value in self.values)
        return {"type": "integer" if whole else "string", "enum": list(self.values)}

    def _read(self, text: str) -> object:
        return next((value for value in self.values if str(value) == text), None)

    def _accept(self, value: object) -> object:
        if any(value == one and type(value) is type(one) for one in self.values):
            return value
        raise ValueError


class Whole(Kind, frozen=True, kw_only=True):
    """A whole number between two bounds, both allowed."""

    minimum: int
    maximum: int

    @property
    def allowed(self) -> str:
        """The bounds."""
        return f"a whole number from {self.minimum} to {self.maximum}"

    @property
    def schema(self) -> dict[str, object]:
        """The bounds."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def _read(self, text: str) -> object:
        # Longer ones are out of every range here, and Python refuses to convert very long ones.
        return int(text) if re.fullmatch(r"0|[1-9][0-9]{0,17}", text) else None

    def _accept(self, value: object) -> object:
        if type(value) is int and self.minimum <= value <= self.maximum:
            return value
        raise ValueError


class Fraction(Kind, frozen=True, kw_only=True):
    """A decimal number between two bounds, neither of which is allowed."""

    above: float
    below: float

    @property
    def allowed(self) -> str:
        """The bounds."""
        return f"a number above {self.above:g} and below {self.below:g}"

    @property
    def schema(self) -> dict[str, object]:
        """The bounds."""
        return {"type": "number", "exclusiveMinimum": self.above, "exclusiveMaximum": self.below}

    def _read(self, text: str) -> object:
        return _decimal(text)

    def _accept(self, value: object) -> object:
        number = value if isinstance(value, float | int) else math.nan
        if self.above < number < self.below and not isinstance(number, bool):
            return float(number)
        raise ValueError

    def _write(self, value: object) -> str:
        return _plain(value) if isinstance(value, float) else str(value)


class Text(Kind, frozen=True, kw_only=True):
    """A string of a certain shape."""

    pattern: str
    allowed: str

    @property
    def schema(self) -> dict[str, object]:
        """The shape."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}

    def _accept(self, value: object) -> object:
        if isinstance(value, str) and re.fullmatch(self.pattern, value):
            return value
        raise ValueError


class Language(Kind, frozen=True):
    """A language code or aggregate; BCP-47 tags are folded to their language."""

    @property
    def allowed(self) -> str:
        """All of them."""
        return f"one of {', '.join(languages.CODES)}, or {', '.join(languages.AGGREGATES)}"

    @property
    def schema(self) -> dict[str, object]:
        """All of them, and regional forms."""
        names = [*languages.CODES, *languages.AGGREGATES]
        regional = f"^(?:{'|'.join(languages.CODES)})(?:[-_][A-Za-z0-9]{{1,8}})+$"
        return {"type": "string", "anyOf": [{"enum": names}, {"pattern": regional}]}

    def _accept(self, value: object) -> object:
        folded = languages.fold(value) if isinstance(value, str) else ""
        if languages.is_known(folded):
            return folded
        raise ValueError


class Keyword(msgspec.Struct, frozen=True):
    """A word or phrase that the recogniser should expect."""

    text: str
    boost: float = 1.0
    """How strongly: 1 is mild, 10 is as much as is useful."""


class Keywords(Kind, frozen=True, kw_only=True):
    """`WORD[:BOOST],…`, where a word may be a phrase; in Python a sequence of `Keyword`."""

    most: int = 10_000
    longest: int = 100
    strongest: float = 20.0

    @property
    def allowed(self) -> str:
        """The form and its bounds."""
        return (
            f"WORD[:BOOST],… with up to {self.most} words or phrases of up to {self.longest} "
            f"characters and boosts from 0 to {self.strongest:g}"
        )

    @property
    def schema(self) -> dict[str, object]:
        """A text; what is in it, a schema cannot say."""
        return {"type": "string", "description": self.allowed}

    def _read(self, text: str) -> object:
        return tuple(map(_keyword, text.split(","))) if text else ()

    def _accept(self, value: object) -> object:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise ValueError  # noqa: TRY004
        if len(value) > self.most:
            message = f"there are {len(value)} keywords, at most {self.most} are allowed"
            raise ValueError(message)
        return tuple(map(self._accept_one, value))

    def _accept_one(self, item: object) -> Keyword:
        if not isinstance(item, Keyword) or not isinstance(item.text, str):
            message = f"{shown(repr(item))} is not a Keyword"
            raise ValueError(message)  # noqa: TRY004
        text = item.text
        if not text.strip() or not text.isprintable() or "," in text or len(text) > self.longest:
            message = f"{shown(text)!r} is not a word or phrase of 1 to {self.longest} characters"
            raise ValueError(message)
        if not isinstance(item.boost, float | int) or not 0 <= item.boost <= self.strongest:
            message = f"the boost of {shown(text)!r} is not a number from 0 to {self.strongest:g}"
            raise ValueError(message)
        return item

    def _write(self, value: object) -> str:
        items = value if isinstance(value, tuple) else ()
        return ",".join(f"{item.text}:{_plain(item.boost)}" for item in items)


def _keyword(item: str) -> Keyword:
    text, colon, boost = item.rpartition(":")
    if not colon:
        return Keyword(item.strip())
    number = _decimal(boost.strip())
    if number is None:
        message = f"the boost of {shown(item)!r} is not a number"
        raise ValueError(message)
    return Keyword(text.strip(), number)


def _decimal(text: str) -> float | None:
    return float(text) if re.fullmatch(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,20})?", text) else None


def _plain(number: float) -> str:
    # Never an exponent, which is not read back.
    return f"{number:.17f}".rstrip("0").removesuffix(".")
