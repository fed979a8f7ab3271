"""What is written for spoken numbers."""

from sferic.text.numerals.engine import Numerals

__all__ = ["Numerals"]
