"""What a redactor made of a marked conversation, against what it should have made."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from benchmarks.redaction_sets import Session, Token

_ADDRESS = frozenset({"ADDRESS", "BUILDINGNUMBER", "CITY", "STATE", "ZIPCODE"})
_NAMES = frozenset({"FIRSTNAME", "LASTNAME"})
_MOST_BETWEEN = 2
"""Words in a row that a mask may swallow between two private parts."""
NO_TYPE = "(none)"
"""A mask that does not say of what."""


class Mask(msgspec.Struct, frozen=True, kw_only=True):
    """Words that were replaced."""

    first: int
    last: int
    """Places among the words of the session; the last is part of it."""
    types: tuple[str, ...]
    """What it says it hides; several where the redactor does not tell them apart, none where it
    only says that something is hidden."""
    shown: str = ""
    """What of these words can still be read."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of private parts and masks, of one type or of all."""

    gold: int = 0
    found: int = 0
    """Private parts with every word masked, as the right type."""
    leaked: int = 0
    """Private parts of which a word or a piece of one can still be read."""
    masks: int = 0
    right: int = 0
    """Masks that hide something private of their type and nothing else."""

    @property
    def recall(self) -> float | None:
        """Found of all private parts; None without any."""
        return self.found / self.gold if self.gold else None

    @property
    def precision(self) -> float | None:
        """Right ones of all masks; None without any."""
        return self.right / self.masks if self.masks else None

    @property
    def leak_rate(self) -> float | None:
        """Leaked of all private parts; None without any."""
        return self.leaked / self.gold if self.gold else None


def added(tallies: Iterable[Tally]) -> Tally:
    """Add up counts."""
    total = Counter[str]()
    for tally in tallies:
        total.update(msgspec.structs.asdict(tally))
    return Tally(**total)


def score(session: Session, masks: Sequence[Mask]) -> dict[str, Tally]:
    """Hold masks against the private parts of a session, by type.

    A private part is found if each word of it is in a mask of its type. A city, state, ZIP code or
    building number of a session that has an address may be in a mask of `ADDRESS` as well; an
    address may be in several masks of its pieces, if one of them says `ADDRESS`. A mask over a
    first and a last name finds those of its own type; the other is hidden, not found.

    A mask is right if it hides something private of its type, and no word that is not. Words that
    may stay or go are neither; up to two in a row between private parts may go with them.
    """
    check = _Check(session, masks)
    counts: dict[str, Counter[str]] = {}
    for place, types in enumerate(session.spans):
        counted = counts.setdefault(types[0], Counter())
        counted["gold"] += 1
        counted["found"] += check.found(place)
        counted["leaked"] += check.leaked(place)
    for mask in masks:
        label, right = check.judged(mask)
        counted = counts.setdefault(label, Counter())
        counted["masks"] += 1
        counted["right"] += right
    return {label: Tally(**counted) for label, counted in counts.items()}


def early(session: Session, masks: Sequence[Mask], shown: Collection[int]) -> int:
    """Count private parts that partials have shown, in part or whole, and the finals hide.

    Args:
        session: What was said.
        masks: Of the finals.
        shown: Places of words that could be read in a partial.
    """
    check = _Check(session, masks)
    return sum(
        not check.leaked(span) and check.shown(span, shown) for span in range(len(session.spans))
    )


class _Check:
    """A session and its masks, looked at from both sides."""

    def __init__(self, session: Session, masks: Sequence[Mask]) -> None:
        self._tokens = session.tokens
        self._spans = session.spans
        self._has_address = any("ADDRESS" in types for types in session.spans)
        self._over: Mapping[int, Mask] = {
            place: mask for mask in masks for place in range(mask.first, mask.last + 1)
        }

    def found(self, span: int) -> bool:
        required = self._required(span)
        masks = [self._over.get(place) for place in required]
        kept = [mask for mask in masks if mask is not None]
        return (
            len(kept) == len(required)
            and not self.leaked(span)
            and all(self._fits(mask, span) for mask in kept)
            and self._says_enough(kept, span)
        )

    def leaked(self, span: int) -> bool:
        return any(self._readable(place) for place in self._required(span))

    def shown(self, span: int, places: Collection[int]) -> bool:
        return any(place in places for place in self._required(span))

    def judged(self, mask: Mask) -> tuple[str, bool]:
        """The type a mask is counted as, and whether it is right."""
        places = range(mask.first, mask.last + 1)
        tokens = [self._tokens[place] for place in places]
        spans = [token.span for token in tokens if token.span is not None]
        own = [span for span in spans if self._fits(mask, span)]
        label = self._spans[own[0]][0] if own and len(mask.types) != 1 else _label(mask)
        related = all(self._fits(mask, span) or self._names(mask, span) for span in spans)
        return label, bool(own) and related and not _wide(tokens)

    def _required(self, span: int) -> list[int]:
        return [
            place
            for place, token in enumerate(self._tokens)
            if token.span == span and not token.optional
        ]

    def _readable(self, place: int) -> bool:
        token, mask = self._tokens[place], self._over.get(place)
        if mask is None:
            return True
        if place not in {mask.first, mask.last}:
            return False
        shown = _letters(mask.shown)
        return bool(shown) and shown not in _letters(token.text.replace(token.part, "", 1))

    def _fits(self, mask: Mask, span: int) -> bool:
        types = self._spans[span]
        if not mask.types or set(types) & set(mask.types):
            return True
        if types[0] == "ADDRESS":
            return bool(_ADDRESS & set(mask.types))
        return types[0] in _ADDRESS and self._has_address and "ADDRESS" in mask.types

    def _says_enough(self, masks: Sequence[Mask], span: int) -> bool:
        return any(set(self._spans[span]) & set(mask.types) for mask in masks) or (
            self._spans[span][0] in _ADDRESS - {"ADDRESS"}
            and any("ADDRESS" in mask.types for mask in masks)
        )

    def _names(self, mask: Mask, span: int) -> bool:
        return bool(_NAMES & set(mask.types)) and self._spans[span][0] in _NAMES


def _label(mask: Mask) -> str:
    return mask.types[0] if mask.types else NO_TYPE


def _wide(tokens: Sequence[Token]) -> bool:
    """Whether a mask over these hides what is not private."""
    kept = [token for token in tokens if _letters(token.text)]
    if not kept or kept[0].span is None or kept[-1].span is None:
        return True
    run = 0
    for token in kept:
        run = run + 1 if token.span is None else 0
        if run > _MOST_BETWEEN:
            return True
    return False


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
