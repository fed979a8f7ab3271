"""What stands in a transcript where something was taken out of it."""

import re

PLACEHOLDER = re.compile(r"(\[(?:[A-Z]+_\d+|\.\.\.)\])")
"""A placeholder: `[TYPE_N]`, or `[...]` for what may still be growing."""
PLACEHOLDER_WORD = re.compile(PLACEHOLDER.pattern + r"(?:['’]\w+)?")
"""A placeholder with the ending that was said with it: `[FIRSTNAME_1]'s`."""
PENDING = "[...]"


def placeholder(kind: str, number: int) -> str:
    """Write the placeholder of an entity."""
    return f"[{kind}_{number}]"
