"""A number as it is found in a text."""

import msgspec


class Number(msgspec.Struct, frozen=True):
    """A number in some tokens, and how it is written."""

    value: int
    """The whole part of it."""
    text: str
    count: int
    """How many tokens it takes."""
    spelled: bool
    """Whether any of it was said in words."""
    plain: bool = True
    """Whether it is a whole number without sign or scale."""
    article: bool = False
    """Whether it is an article and a round number: a hundred."""
    alone: str = ""
    """How it is written where nothing is counted: as a year, if it may be one."""
