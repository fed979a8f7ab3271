import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.recognition.hypothesis import Word
from sferic.text import sentences


def word(text: str, *, glued: bool = False, speaker: int | None = None) -> Word:
    return Word(text=text, start=0, end=1, confidence=1.0, glued=glued, speaker=speaker)


def split(text: str, language: str | None = "en") -> list[str]:
    """Split words at spaces and `~`, which glues, into sentences shown the same way."""
    words = [
        word(part, glued=at > 0)
        for group in text.split()
        for at, part in enumerate(group.split("~"))
    ]
    return [
        "".join(one.text if one.glued else f" {one.text}" for one in sentence).strip()
        for sentence in sentences.split(words, language=language)
    ]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Hello there.", "How are you?", "Fine!", "And you"]),
        ("en", ["He said “Stop!”", "Then (for once) he stopped.)", "Really?!", "Yes."]),
        ("en", ["Dr. Smith met Mrs. J. K. Rowling vs. Mr. X at St. Paul.", "They talked."]),
        ("en", ["It cost 3.5 million.", "It is on example.com.", "See version 1.2.3 there."]),
        ("en", ["See No. 5 and p. 12.", "No.", "I will not."]),
        ("en", ["It was in the U.S. Army in the U.S.", "The rest is known."]),
        ("en", ["We met at 5 p.m. on Monday, e.g. Tuesday.", "So am I.", "Then go."]),
        ("en", ["Well... I mean… it was late...", "Then we left."]),
        ("en", ["1. Open the box.", "2. Close it."]),
        ("en", ["“Why?” she asked."]),
        ("en", ["i am here.", "you are there.", "he is not"]),
        ("en", ["Is it 5?", "6 it is."]),
        ("de", ["Am 3. Oktober kam z.B. Frau Dr. Meier.", "Sie blieb ca. 5 Mio. Jahre.", "Ja."]),
        ("de", ["Er wohnt in Nr. 5 bzw. Nr. 6.", "Dann zog er um."]),
        ("de", ["Sie wurde 30.", "Dann ging sie."]),
        ("fr", ["M. Le Pen et Mme Curie sont là.", "« Vraiment ? »", "Oui !"]),
        ("es", ["¿Qué tal?", "¡Bien!", "El Sr. Pérez llegó.", "Ud. Sabe."]),
        ("it", ["Il dott. Rossi è qui.", "Perché?"]),
        ("pt", ["O Sr. Silva chegou.", "E a Dra. Costa?"]),
        ("nl", ["Dhr. Jansen komt.", "Het regent."]),
        ("ru", ["Проф. Иванов живёт на ул. Ленина.", "Это я.", "Иван, и т.д. и т.п. здесь."]),
        ("uk", ["Він мешкає на вул. Шевченка.", "Так."]),
        ("pl", ["Mieszka przy ul. Długiej, np. Jan.", "Tak."]),
        ("cs", ["Přijel 3. října s p. Novákem.", "Ano."]),
        ("hi", ["नमस्ते।", "आप कैसे हैं?", "डॉ. शर्मा आए॥", "ठीक है"]),
        ("bn", ["আমি ভালো আছি।", "ডা. সেন এসেছেন।"]),
        ("pa", ["ਸਤ ਸ੍ਰੀ ਅਕਾਲ।", "ਠੀਕ ਹੈ।"]),
        ("or", ["ନମସ୍କାର।", "ଭଲ ଅଛି।"]),
        ("ta", ["வணக்கம்.", "நீங்கள் எப்படி?", "திரு. குமார் வந்தார்."]),
        ("mt", ["Bonġu.", "Kif int?"]),
        ("en", ["I am [FIRSTNAME_1].", "[FIRSTNAME_1] [LASTNAME_1]'s card is [...].", "Ok."]),
        (
            "en",
            [
                "My name is [...] and so on.",
                "Is it [PIN_1]?",
                "No. [PIN_2] it is.",
                "No.",
                "[CITY_1].",
            ],
        ),
        ("en", ["pay [...] [LASTNAME_1] by [DATE_1].", "then call [PHONENUMBER_1].", "ok"]),
        ("en", ["It is 3.5, not 3.", "[FIRSTNAME_1] paid $4.50.", "We met J. K. [LASTNAME_1]."]),
        ("en", ["It was…", "[TIME_1]...", "Maybe.", "“[FIRSTNAME_1]?” she asked."]),
        ("de", ["Das ist Hr. [LASTNAME_1].", "[LASTNAME_1] kam am [DATE_1].", "Ja."]),
        ("hi", ["मेरा नाम [FIRSTNAME_1] है।", "[FIRSTNAME_1]।", "ठीक है"]),
        (None, ["Unknown tongue.", "Still split."]),
        ("en", ["یہ کیا ہے؟", "ٹھیک ہے۔", "Good."]),
        ("en", ["今日は。", "明日。"]),
    ],
)
def test_text_is_split_where_its_language_ends_a_sentence(
    language: str | None, expected: list[str]
) -> None:
    assert split(" ".join(expected), language) == expected


def test_a_quotation_mark_apart_belongs_to_the_sentence_it_closes() -> None:
    assert split("He said: “ Go. ” Then he went .") == ["He said: “ Go. ”", "Then he went ."]


def test_a_quotation_mark_apart_opens_or_closes_as_its_language_has_it() -> None:
    assert split("Er sagte: „ Ja. “ Dann ging er.", "de") == ["Er sagte: „ Ja. “", "Dann ging er."]
    assert split("Il part. « Oui. »", "fr") == ["Il part.", "« Oui. »"]
    assert split('He left. " Go. " Yes.') == ["He left.", '" Go. "', "Yes."]


def test_a_stop_between_glued_words_is_a_decimal_point_or_an_address() -> None:
    assert split("It was 3.~5 or example.~Com then.") == ["It was 3.5 or example.Com then."]


def test_a_script_without_spaces_is_split_between_glued_words() -> None:
    assert split("今日~は。~明日~も。~はい") == ["今日は。", "明日も。", "はい"]


def test_the_last_sentence_may_lack_its_end() -> None:
    assert split("Done. And then") == ["Done.", "And then"]


def test_no_words_are_no_sentences() -> None:
    assert sentences.split([]) == []


def test_a_change_of_speaker_ends_a_sentence() -> None:
    words = [word("So", speaker=0), word("then", speaker=0), word("yes", speaker=1), word("ok")]

    assert [len(sentence) for sentence in sentences.split(words)] == [2, 2]


TEXTS = st.text(alphabet=".?!…।॥\"'»)A1aя। हи-", max_size=6)


@given(
    st.lists(st.builds(word, TEXTS, glued=st.booleans(), speaker=st.none() | st.integers(0, 1))),
    st.sampled_from([None, "en", "de", "hi", "xx"]),
)
def test_sentences_hold_every_word_once_and_in_order(
    words: list[Word], language: str | None
) -> None:
    found = sentences.split(words, language=language)

    assert all(found)
    assert [one for sentence in found for one in sentence] == words
