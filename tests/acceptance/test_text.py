"""What the text of real speech looks like: numerals, redaction, sentences."""

import re
from typing import Any

import pytest
from msgspec import UNSET

from acceptance.test_speech import finals, heard, text, words
from recordings import beckett, clip, plain, two_cities
from sferic import Recognizer
from sferic.protocol.messages import Message, Transcription, encode

COUNTING = "one two three four five six seven eight nine ten".split()  # noqa: SIM905
CONTANDO = "uno dos tres cuatro cinco seis siete ocho nueve diez".split()  # noqa: SIM905


def partials(messages: list[Message]) -> list[Transcription]:
    return [m for m in messages if isinstance(m, Transcription) and not m.is_final]


# Numerals


@pytest.mark.parametrize(
    ("name", "language", "spoken"),
    [("en/counting", "en", COUNTING), ("es/conteo", "es", CONTANDO)],
)
async def test_numbers_are_digits_or_words_as_asked_for(
    recognizer: Recognizer, name: str, language: str, spoken: list[str]
) -> None:
    samples, _ = clip(name)
    written = await heard(recognizer, samples, language=language, numerals="true")
    assert re.findall(r"\d+", text(written)) == [str(number) for number in range(1, 11)]
    said = await heard(recognizer, samples, language=language, numerals="false")
    assert plain(text(said)) == spoken
    assert len(words(said)) == 10


async def test_without_format_there_are_neither_digits_nor_marks_nor_capitals(
    recognizer: Recognizer,
) -> None:
    samples, _ = clip("en/counting")
    messages = await heard(recognizer, samples, format=False, numerals="true")
    assert text(messages).split() == COUNTING


# Redaction


@pytest.mark.parametrize("numerals", ["true", "false", "auto"])
async def test_dictated_digits_are_in_no_message(recognizer: Recognizer, numerals: str) -> None:
    samples, _ = clip("en/counting")
    everything: dict[str, Any] = {
        "redact_pii": True,
        "redact_pci": True,
        "full_transcript": True,
        "sentence_timestamps": True,
    }
    messages = await heard(recognizer, samples, numerals=numerals, **everything)
    assert plain(text(messages)) == ["phonenumber", "1"]
    for message in [*partials(messages), *finals(messages)]:
        sent = re.sub(r"[0-9]+\.[0-9]+", "", encode(message).replace(message.session_id, ""))
        assert not {*COUNTING} & {*re.findall("[a-z]+", sent.lower())}
        assert {*re.findall(r"\d+", sent)} <= {"1"}
    last = finals(messages)[-1]
    assert last.utterances is not UNSET
    assert [plain(one.text) for one in last.utterances] == [["phonenumber", "1"]]
    assert [word.word.strip(".,") for word in words(messages)] == ["[phonenumber_1]"]


async def test_speech_without_secrets_is_left_as_it_is(recognizer: Recognizer) -> None:
    plainly = await heard(recognizer, beckett())
    redacted = await heard(recognizer, beckett(), redact_pii=True, redact_pci=True)
    assert text(redacted) == text(plainly)
    assert all(final.redacted_entities == () for final in finals(redacted))
    assert all(partial.redacted_entities == () for partial in partials(redacted))


# Sentences


async def test_sentences_go_on_over_segments_and_end_with_their_full_stop(
    recognizer: Recognizer,
) -> None:
    messages = await heard(recognizer, beckett(), sentence_timestamps=True, full_transcript=True)
    last = finals(messages)[-1]
    assert last.utterances is not UNSET
    assert [plain(one.text) for one in last.utterances] == [
        ["ever", "tried"],
        ["ever", "failed"],
        ["no", "matter"],
        ["try", "again"],
        ["fail", "again"],
        ["fail", "better"],
    ]
    messages = await heard(recognizer, two_cities(), sentence_timestamps=True, full_transcript=True)
    last = finals(messages)[-1]
    assert last.utterances is not UNSET
    assert " ".join(one.text for one in last.utterances) == last.full_transcript
    assert last.utterances[-1].text.startswith("In short")
