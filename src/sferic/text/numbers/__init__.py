"""Number words and what they are worth, in every language of the protocol."""

from sferic.text.numbers.reader import DigitRun, NumberReader, Reading, reader

__all__ = ["DigitRun", "NumberReader", "Reading", "reader"]
