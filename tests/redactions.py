"""Words and sessions for the tests of redaction."""

from collections.abc import Iterable

from sferic.recognition.hypothesis import Word, join
from sferic.text.redaction import PLACEHOLDER, Redactor


def words(text: str, place: int = 0) -> list[Word]:
    """Make a word of everything between spaces, each a tenth of a second long."""
    return [
        Word(text=part, start=index * 1600, end=index * 1600 + 1500, confidence=0.5)
        for index, part in enumerate(text.split(), start=place)
    ]


def finals(
    turns: Iterable[str], language: str = "en", *, pii: bool = True, pci: bool = True
) -> str:
    """Redact turns, one final each, as the session does, and join what comes out with bars."""
    redactor = Redactor(pii=pii, pci=pci)
    held: list[Word] = []
    out = []
    turns = list(turns)
    for index, turn in enumerate(turns):
        given = [*held, *words(turn)]
        redacted = redactor.final(given, language, ended=index == len(turns) - 1)
        held = given[len(given) - redacted.held :]
        out.append(join(redacted.words))
    return " | ".join(out)


def shown_early(turns: Iterable[str], language: str) -> list[str]:
    """Return the words that a partial showed, one after each word, and a final masks."""
    redactor = Redactor(pii=True, pci=True)
    held: list[Word] = []
    out: list[Word] = []
    shown: dict[int, str] = {}
    turns = list(turns)
    place = 0
    for index, turn in enumerate(turns):
        said = words(turn, place)
        place += len(said)
        given = [*held, *said]
        for size in range(1, len(given) + 1):
            for word in redactor.partial(given[:size], language):
                if not PLACEHOLDER.search(word.text):
                    shown[word.start] = word.text
        redacted = redactor.final(given, language, ended=index == len(turns) - 1)
        held = given[len(given) - redacted.held :]
        out.extend(redacted.words)
    return [
        text
        for word in out
        if PLACEHOLDER.search(word.text)
        for start, text in shown.items()
        if word.start <= start < word.end
    ]
