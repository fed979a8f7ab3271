"""What stands in a transcript for what must not be seen."""

import re

PLACEHOLDER = re.compile(r"\[(?:[A-Z]+_[0-9]+|\.\.\.)\]")
"""A placeholder inside a word, with which it may share punctuation: `[FIRSTNAME_1],`."""

UNRESOLVED = "[...]"
"""The one for what cannot be told yet, or was never told."""
