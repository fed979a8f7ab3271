"""Articles that are joined to the number behind them: l'otto, dell'ottanta per cento."""

from collections.abc import Callable

from sferic.text.numbers import NumberReader
from sferic.text.numerals.grammar import Grammar


def elision(grammar: Grammar | None, reader: NumberReader) -> Callable[[str], int] | None:
    """Return what tells how many letters are joined to a number; nothing where none are.

    Args:
        grammar: The language; nothing if not much is known about it.
        reader: Its number words.
    """
    if grammar is None or not grammar.elisions:
        return None
    elisions, ordinals = grammar.elisions, tuple(grammar.ordinals.endings)

    def letters(word: str) -> int:
        for joined in elisions:
            if word.startswith(joined) and len(word) > len(joined):
                rest = word.removeprefix(joined)
                if rest[0].isdecimal() or rest.endswith(ordinals) or reader.cardinal([rest], 0):
                    return len(joined)
        return 0

    return letters
