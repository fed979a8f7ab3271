"""What is found: the types, and stretches of tokens that are one."""

from collections.abc import Iterator

import msgspec

from sferic.text.redaction.document import Document

PII = frozenset(
    (
        "FIRSTNAME", "LASTNAME", "ADDRESS", "BUILDINGNUMBER", "CITY", "STATE", "PHONENUMBER",
        "EMAIL", "DATE", "TIME", "SSN", "AGE", "URL", "IPADDRESS",
    )
)  # fmt: skip
"""Types of personal data, after the placeholders of the protocol."""
PCI = frozenset(
    (
        "CREDITCARDNUMBER", "CREDITCARDCVV", "CREDITCARDEXPIRY", "ZIPCODE", "ACCOUNTNUMBER", "IBAN",
        "ROUTINGNUMBER", "PIN",
    )
)  # fmt: skip
"""Types of payment data."""


class Entity(msgspec.Struct):
    """Tokens that are one secret."""

    start: int
    end: int
    type: str
    value: str
    """What makes two of them the same: no case, no separators, digits for number words."""
    grows: bool = False
    """Whether more of it may follow."""

    def __repr__(self) -> str:
        return f"<{self.type} of {self.end - self.start} tokens>"


class Findings:
    """Entities that do not overlap: what is found first keeps its tokens."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._owner: list[Entity | None] = [None] * document.size
        self._found: list[Entity] = []

    def __repr__(self) -> str:
        return f"<{len(self._found)} findings>"

    def __iter__(self) -> Iterator[Entity]:
        return iter(sorted(self._found, key=lambda entity: entity.start))

    def add(self, start: int, end: int, kind: str, value: str, *, grows: bool = False) -> bool:
        """Claim tokens for an entity; of no effect if some are taken or none is new."""
        start = max(start, self.document.begin)
        if start >= end or self.taken(start, end):
            return False
        entity = Entity(start, end, kind, value, grows)
        self._found.append(entity)
        for index in range(start, end):
            self._owner[index] = entity
        return True

    def claim(self, start: int, end: int, kind: str, value: str, *, grows: bool) -> None:
        """Take tokens for an entity, from others if need be, which go with all their tokens."""
        start = max(start, self.document.begin)
        others = [entity for entity in self._found if entity.start < end and start < entity.end]
        for entity in others:
            start, end = min(start, entity.start), max(end, entity.end)
            self._owner[entity.start : entity.end] = [None] * (entity.end - entity.start)
        self._found = [entity for entity in self._found if entity not in others]
        self.add(start, end, kind, value, grows=grows)

    def stammered(self) -> None:
        """Let words that are said again right beside an entity be part of it: `1986 1986`."""
        keys = self.document.keys
        for entity in self._found:
            while entity.end < len(keys) and self._again(entity.end, entity.end - 1):
                self._owner[entity.end] = entity
                entity.end += 1
            while entity.start > self.document.begin and self._again(
                entity.start - 1, entity.start
            ):
                entity.start -= 1
                self._owner[entity.start] = entity

    def _again(self, index: int, other: int) -> bool:
        keys = self.document.keys
        return keys[index] == keys[other] and not self.taken(index, index + 1)

    def taken(self, start: int, end: int) -> bool:
        """Tell whether any of some tokens belongs to an entity."""
        return any(self._owner[start:end])

    def at(self, index: int) -> Entity | None:
        """Return the entity that a token belongs to."""
        return self._owner[index] if 0 <= index < len(self._owner) else None

    def type_at(self, index: int) -> str | None:
        """Return the type of what a token belongs to or stands for."""
        if not 0 <= index < len(self._owner):
            return None
        owner = self._owner[index]
        if owner is not None:
            return owner.type
        key = self.document.keys[index]
        return key.strip("\0+") if key.startswith("\0") else None
