import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from sferic.protocol.dialects import LIGHTNING, LIVE, PULSE, Dialect
from sferic.protocol.messages import Utterance, WordItem, encode
from sferic.protocol.options import Options
from sferic.protocol.transcripts import SENTENCE_WORDS, TranscriptBuilder
from sferic.recognition.hypothesis import Word, join

SECOND = 16_000


def say(text: str, *, at: float = 0.0, confidence: float = 0.9) -> list[Word]:
    """Make words of a text, two a second."""
    return [
        Word(
            text=part,
            start=round((at + place / 2) * SECOND),
            end=round((at + place / 2 + 0.4) * SECOND),
            confidence=confidence,
        )
        for place, part in enumerate(text.split())
    ]


def builder(dialect: Dialect = LIGHTNING, /, **options: Any) -> TranscriptBuilder:
    return TranscriptBuilder(Options(**options), "sess_1", dialect)


def utterances(message: Any) -> list[tuple[str, float, float]]:
    return [(one.text, one.start, one.end) for one in message.utterances]


def test_a_partial_carries_text_and_words_and_nothing_of_finals() -> None:
    message = builder(full_transcript=True, sentence_timestamps=True).partial(say("Hello wor"))

    assert json.loads(encode(message)) == {
        "type": "transcription",
        "status": "success",
        "session_id": "sess_1",
        "transcript": "Hello wor",
        "transcription": "Hello wor",
        "is_final": False,
        "is_last": False,
        "words": [
            {"word": "Hello", "start": 0.0, "end": 0.4, "confidence": 0.9},
            {"word": "wor", "start": 0.5, "end": 0.9, "confidence": 0.9},
        ],
    }


def test_a_final_carries_what_was_asked_for() -> None:
    message = builder(full_transcript=True, sentence_timestamps=True).final(say("Hello."))

    assert json.loads(encode(message)) == {
        "type": "transcription",
        "status": "success",
        "session_id": "sess_1",
        "transcript": "Hello.",
        "transcription": "Hello.",
        "is_final": True,
        "is_last": False,
        "full_transcript": "Hello.",
        "language": "en",
        "languages": ["en"],
        "words": [{"word": "Hello.", "start": 0.0, "end": 0.4, "confidence": 0.9}],
        "utterances": [{"text": "Hello.", "start": 0.0, "end": 0.4}],
    }


def test_a_final_carries_nothing_that_was_not_asked_for() -> None:
    message = builder(word_timestamps=False).final(say("Hello."))

    assert message.words is UNSET
    assert message.utterances is UNSET
    assert message.full_transcript is UNSET
    assert message.from_finalize is UNSET


def test_the_last_final_has_every_field_asked_for_even_with_nothing_in_it() -> None:
    message = builder(language="multi", full_transcript=True, sentence_timestamps=True).final(
        [], is_last=True
    )

    assert json.loads(encode(message)) == {
        "type": "transcription",
        "status": "success",
        "session_id": "sess_1",
        "transcript": "",
        "transcription": "",
        "is_final": True,
        "is_last": True,
        "full_transcript": "",
        "language": None,
        "languages": [],
        "words": [],
        "utterances": [],
    }


# Dialects


@pytest.mark.parametrize("dialect", [PULSE, LIVE], ids=lambda dialect: dialect.name)
def test_a_final_says_on_the_pulse_paths_whether_it_answers_a_finalize(dialect: Dialect) -> None:
    made = builder(dialect)

    assert made.partial(say("Hello")).from_finalize is UNSET
    assert made.final(say("Hello.")).from_finalize is False
    assert made.final(say("Hello."), from_finalize=True).from_finalize is True
    assert made.final([], is_last=True).from_finalize is False


def test_on_the_lightning_path_it_says_nothing_of_that() -> None:
    assert builder().final(say("Hello."), from_finalize=True).from_finalize is UNSET


@pytest.mark.parametrize("dialect", [PULSE, LIVE], ids=lambda dialect: dialect.name)
def test_finals_of_the_pulse_paths_can_be_joined_as_they_are(dialect: Dialect) -> None:
    made = builder(dialect, full_transcript=True)
    finals = [made.final(words) for words in (say("Hello."), [], say("Good bye.", at=4))]

    assert "".join(final.transcript for final in finals) == "Hello. Good bye. "
    assert [final.transcription for final in finals] == [final.transcript for final in finals]
    assert [final.full_transcript for final in finals] == ["Hello.", "Hello.", "Hello. Good bye."]
    assert made.partial(say("And")).transcript == "And"


# Text


def test_the_full_transcript_joins_finals_with_one_space() -> None:
    transcript = builder(full_transcript=True)
    transcript.final(say("Hello there."))
    transcript.final([])

    assert transcript.final(say("Bye.")).full_transcript == "Hello there. Bye."
    assert transcript.final([]).full_transcript == "Hello there. Bye."


def test_glued_words_and_finals_are_joined_without_a_space() -> None:
    transcript = builder(full_transcript=True)
    one, two = say("今日 は")
    glued = Word(text="は", start=one.end, end=two.end, confidence=1.0, glued=True)

    assert transcript.final([one, glued]).transcript == "今日は"
    assert transcript.final([glued]).full_transcript == "今日はは"


def test_no_text_is_kept_that_was_not_asked_for() -> None:
    transcript = builder()
    for _ in range(100):
        transcript.final(say("Hello there."))

    kept = json.dumps(vars(transcript), default=repr)
    assert "Hello" not in kept


@given(st.lists(st.text(st.characters(blacklist_categories=["Z", "C"]), min_size=1)))
def test_joined_words_split_into_the_same_words(texts: list[str]) -> None:
    words = [Word(text=text, start=0, end=1, confidence=1.0) for text in texts]

    assert join(words).split(" ") == (texts or [""])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "Hello, World."),
        ({"punctuate": False}, "Hello World"),
        ({"capitalize": False}, "hello, world."),
        ({"format": False}, "hello world"),
    ],
)
def test_punctuation_and_capitals_are_as_asked_for_in_every_field(
    options: dict[str, Any], expected: str
) -> None:
    transcript = builder(full_transcript=True, sentence_timestamps=True, **options)

    message = transcript.final(say("Hello, World."))

    assert message.transcript == message.transcription == message.full_transcript == expected
    assert isinstance(message.words, tuple)
    assert " ".join(word.word for word in message.words) == expected
    assert utterances(message) == [(expected, 0.0, 0.9)]
    assert transcript.partial(say("Hello, World.")).transcript == expected


# Numbers


def test_times_and_confidences_are_rounded_to_hundredths() -> None:
    word = Word(text="a", start=1_234, end=159_999, confidence=0.98765)

    assert builder().final([word]).words == (
        WordItem(word="a", start=0.08, end=10.0, confidence=0.99),
    )


@pytest.mark.parametrize(
    ("confidence", "shown"), [(1.7, 1.0), (-0.2, 0.0), (math.nan, 0.0), (math.inf, 1.0)]
)
def test_a_confidence_stays_between_zero_and_one(confidence: float, shown: float) -> None:
    (item,) = builder().partial(say("a", confidence=confidence)).words  # type: ignore[misc]

    assert item.confidence == shown


def test_speakers_are_named_on_finals_only() -> None:
    word = Word(text="a", start=0, end=1, confidence=1.0, speaker=1, speaker_confidence=0.666)
    transcript = builder(sentence_timestamps=True)

    (partial,) = transcript.partial([word]).words  # type: ignore[misc]
    final = transcript.final([word])

    assert partial.speaker is UNSET
    assert final.words == (
        WordItem(word="a", start=0, end=0, confidence=1, speaker=1, speaker_confidence=0.67),
    )
    assert final.utterances == (Utterance(text="a", start=0, end=0, speaker=1),)


# Languages


def test_a_pinned_language_stands_whatever_is_detected_and_even_if_nothing_is_said() -> None:
    transcript = builder(language="de-CH")

    empty = transcript.final([])
    spoken = transcript.final(say("Hallo."), language="nl")

    assert (empty.language, empty.languages) == ("de", ("de",))
    assert (spoken.language, spoken.languages) == ("de", ("de",))


def test_languages_are_listed_in_the_order_they_were_first_heard() -> None:
    transcript = builder(language="multi")
    transcript.final(say("Hola."), language="es")
    transcript.final(say("Hello."), language="en")

    again = transcript.final(say("Hola."), language="es")
    empty = transcript.final([], language="fr")

    assert (again.language, again.languages) == ("es", ("es", "en"))
    assert (empty.language, empty.languages) == (None, ("es", "en"))


# Sentences


def test_utterances_are_the_sentences_of_the_segment() -> None:
    transcript = builder(sentence_timestamps=True)
    transcript.final(say("Before."))

    message = transcript.final(say("Hello there. How are you", at=10))

    assert utterances(message) == [("Hello there.", 10, 10.9), ("How are you", 11, 12.4)]


def test_with_the_full_transcript_utterances_are_the_sentences_of_the_session() -> None:
    transcript = builder(sentence_timestamps=True, full_transcript=True)
    transcript.final(say("Hello there. How are"))

    message = transcript.final(say("you today? Fine.", at=2))
    last = transcript.final([], is_last=True)

    assert utterances(message) == [
        ("Hello there.", 0, 0.9),
        ("How are you today?", 1, 2.9),
        ("Fine.", 3, 3.4),
    ]
    assert last.utterances == message.utterances


def test_a_long_pause_ends_a_sentence() -> None:
    transcript = builder(sentence_timestamps=True, full_transcript=True)
    transcript.final(say("and then"))

    message = transcript.final(say("something else", at=60))

    assert [text for text, _, _ in utterances(message)] == ["and then", "something else"]


def test_another_language_begins_another_sentence() -> None:
    transcript = builder(language="multi", sentence_timestamps=True, full_transcript=True)
    transcript.final(say("and then"), language="en")

    message = transcript.final(say("und dann", at=1), language="de")

    assert [text for text, _, _ in utterances(message)] == ["and then", "und dann"]


def test_a_sentence_without_end_does_not_grow_for_ever() -> None:
    transcript = builder(sentence_timestamps=True, full_transcript=True)
    for segment in range(100):
        message = transcript.final(say("on and on and on and on and", at=segment * 4.5))

    longest = max(len(text.split()) for text, _, _ in utterances(message))
    assert longest < SENTENCE_WORDS + 10
    assert sum(len(text.split()) for text, _, _ in utterances(message)) == 800


# Redaction


def test_placeholders_are_upper_case_in_text_and_lower_case_in_words() -> None:
    transcript = builder(redact_pii=True, full_transcript=True, sentence_timestamps=True)
    transcript.final(say("Hi,"))
    message = transcript.final(say("I'm [FIRSTNAME_1]. Is [LASTNAME_1]'s PIN [...]?", at=1))

    assert message.transcript == "I'm [FIRSTNAME_1]. Is [LASTNAME_1]'s PIN [...]?"
    assert message.full_transcript == "Hi, I'm [FIRSTNAME_1]. Is [LASTNAME_1]'s PIN [...]?"
    assert [one[0] for one in utterances(message)] == [
        "Hi, I'm [FIRSTNAME_1].",
        "Is [LASTNAME_1]'s PIN [...]?",
    ]
    assert message.words is not UNSET
    assert [word.word for word in message.words] == [
        "I'm",
        "[firstname_1].",
        "Is",
        "[lastname_1]'s",
        "PIN",
        "[...]?",
    ]


@pytest.mark.parametrize("asked", ["redact_pii", "redact_pci"])
def test_placeholders_are_listed_in_order_on_every_message(asked: str) -> None:
    transcript = builder(**{asked: True})
    words = say("[PIN_2], [...] so [CITY_1] [PIN_2]")

    assert transcript.partial(words).redacted_entities == ("[PIN_2]", "[CITY_1]", "[PIN_2]")
    assert transcript.final(words).redacted_entities == ("[PIN_2]", "[CITY_1]", "[PIN_2]")
    assert transcript.final([], is_last=True).redacted_entities == ()
    assert builder().final(words).redacted_entities is UNSET


def test_placeholders_keep_their_form_whatever_the_style() -> None:
    message = builder(redact_pii=True, format=False).final(say("Hi, [FIRSTNAME_1]! [PIN_1]."))

    assert message.transcript == "hi [FIRSTNAME_1] [PIN_1]"
    assert message.redacted_entities == ("[FIRSTNAME_1]", "[PIN_1]")
