"""Digits and names that are dictated in other languages than English, and cut anywhere."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sferic.recognition.hypothesis import Word
from sferic.text.numbers import reader
from sferic.text.redaction import PLACEHOLDER, Redactor

DIGITS = {
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco meia sete oito nove",
    "nl": "nul een twee drie vier vijf zes zeven acht negen",
    "hi": "शून्य एक दो तीन चार पाँच छह सात आठ नौ",
}
TENS = {
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "hi": "बीस तीस चालीस पचास साठ सत्तर अस्सी नब्बे",
}
CARRIERS = {
    "it": {
        "il numero della carta è {} grazie": (16, 16),
        "Il mio numero di telefono è {}, chiami pure.": (9, 10),
        "il codice di sicurezza è {} va bene": (3, 3),
        "il pin è {} non lo dica": (4, 6),
        "il conto corrente è {} della banca": (8, 12),
        "il cap è {} di casa": (5, 5),
    },
    "pt": {
        "o número do cartão é {} muito obrigado": (16, 16),
        "O meu telefone é {}, pode ligar.": (9, 11),
        "o código de segurança é {} certo": (3, 3),
        "a senha é {} não conte": (4, 6),
        "o cpf é {} do titular": (11, 11),
        "o cep é {} da casa": (8, 8),
    },
    "nl": {
        "het kaartnummer is {} dank u wel": (16, 16),
        "Mijn telefoonnummer is {}, belt u maar.": (10, 10),
        "de beveiligingscode is {} goed": (3, 3),
        "de pincode is {} niet doorvertellen": (4, 6),
        "mijn bsn is {} van mij": (9, 9),
        "mijn klantnummer is {} bij u": (6, 9),
    },
    "hi": {
        "मेरा कार्ड नंबर {} है धन्यवाद": (16, 16),
        "मेरा मोबाइल नंबर {} है।": (10, 10),
        "सीवीवी {} है ठीक": (3, 3),
        "पिन {} है किसी को मत बताना": (4, 6),
        "मेरा आधार नंबर {} है": (12, 12),
        "पिन कोड {} है": (6, 6),
    },
}
NAMES = {
    "it": ("mi chiamo {} e chiamo per aiuto", ["marco rossi", "giulia de luca", "rosa riva"]),
    "pt": ("meu nome é {} e queria ajuda", ["joão da silva", "maria oliveira", "luz pereira"]),
    "nl": ("mijn naam is {} en ik heb een vraag", ["jan de vries", "sanne bakker", "roos visser"]),
    "hi": ("मेरा नाम {} है और मुझे मदद चाहिए", ["राहुल शर्मा", "आशा वर्मा", "किरण सिंह"]),
}
_CARD = 16
NOT_SECRET = {"hi": {"एक"}, "it": {"sei", "un", "una"}, "nl": {"een"}, "pt": {"um", "uma"}}


@st.composite
def dictations(draw: st.DrawFn, language: str) -> tuple[list[str], list[int]]:
    """Draw words with digits among them, and where they are cut."""
    carrier = draw(st.sampled_from(sorted(CARRIERS[language])))
    shortest, longest = CARRIERS[language][carrier]
    number = draw(st.text("0123456789", min_size=shortest, max_size=longest))
    if longest == _CARD:
        number = f"4{number[1:]}"
    said = spoken(draw, language, number)
    before, after = carrier.split("{}")
    words = [*before.split(), *said]
    rest = after.split(" ")
    words[-1] += rest[0]
    words.extend(rest[1:])
    cuts = draw(st.lists(st.integers(1, len(words) - 1), max_size=3, unique=True))
    return words, sorted(cuts)


def spoken(draw: st.DrawFn, language: str, number: str) -> list[str]:
    digits, tens = DIGITS[language].split(), TENS[language].split()
    said: list[str] = []
    place = 0
    written = draw(st.booleans())
    while place < len(number):
        pair = number[place : place + 2]
        if written and draw(st.booleans()):
            said.append(number[place : place + 3])
            place += 3
        elif pair[0] > "1" and pair[1:] == "0" and draw(st.booleans()):
            said.append(tens[int(pair[0]) - 2])
            place += 2
        else:
            said.append(digits[int(number[place])])
            place += 1
    return said


def outputs(words: Sequence[str], cuts: Sequence[int], language: str) -> list[str]:
    """Return all that is sent of a session: every partial, every final."""
    redactor = Redactor(pii=True, pci=True)
    sent: list[str] = []
    held: list[Word] = []
    for start, end in zip([0, *cuts], [*cuts, len(words)], strict=True):
        taken = [*held, *(word(words[place], place) for place in range(start, end))]
        for size in range(len(held) + 1, len(taken) + 1):
            sent.extend(part.text for part in redactor.partial(taken[:size], language))
        final = redactor.final(taken, language, ended=end == len(words))
        sent.extend(part.text for part in final.words)
        held = taken[len(taken) - final.held :]
    return sent


def word(text: str, place: int) -> Word:
    return Word(text=text, start=place, end=place + 1, confidence=0.9)


def readable(texts: Sequence[str], language: str) -> list[str]:
    """Return the number words and digits among what was sent."""
    numbers = reader(language)
    plain = [re.sub(r"[^\w\u0900-\u097f]", "", PLACEHOLDER.sub("", text)) for text in texts]
    return [
        text
        for text in plain
        if text and text not in NOT_SECRET[language]
        and (numbers.cardinal((text,), 0) or numbers.digit(text) or any(map(str.isdigit, text)))
    ]  # fmt: skip


@pytest.mark.parametrize("language", sorted(DIGITS))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_dictated_digit_is_ever_sent(language: str, data: st.DataObject) -> None:
    words, cuts = data.draw(dictations(language))
    sent = outputs(words, cuts, language)
    assert readable(sent, language) == [], (words, cuts, sent)


@pytest.mark.parametrize("language", sorted(NAMES))
@pytest.mark.parametrize("cased", [True, False])
def test_a_name_that_is_cut_in_two_is_not_sent(language: str, cased: bool) -> None:
    carrier, names = NAMES[language]
    for name in names:
        said = name.title().replace(" De ", " de ").replace(" Da ", " da ") if cased else name
        words = carrier.format(said).split()
        for cut in range(1, len(words)):
            sent = outputs(words, [cut], language)
            leaked = set(said.split()) & set(sent) - {"de", "da"}
            assert not leaked, (words, cut, sent)
