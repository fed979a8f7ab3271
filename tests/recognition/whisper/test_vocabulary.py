"""What the tokens of a real vocabulary write."""

import pytest
import tokenizers

from sferic.models import ModelStore
from sferic.recognition.whisper.vocabulary import digit_tokens


@pytest.fixture(scope="module")
def vocabulary() -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_file(
        str(ModelStore().ensure("whisper-base").folder / "tokenizer.json")
    )


@pytest.mark.parametrize(
    "text", [" 7", "42", " 2024", " 1st", " 3.5", " $5", "€", " £", "%", " 20%", " ½", "m²"]
)
def test_numbers_are_not_written_without_digit_tokens(
    vocabulary: tokenizers.Tokenizer, text: str
) -> None:
    assert digit_tokens(vocabulary) & {*vocabulary.encode(text, add_special_tokens=False).ids}


@pytest.mark.parametrize(
    "text",
    [
        " Twenty-five dollars, or one per cent: that's it!",
        " XXI",
        " dreiundzwanzig",
        " 二十三",
        " तेईस",
        " двадцать три",
    ],
)
def test_words_are_written_without_them(vocabulary: tokenizers.Tokenizer, text: str) -> None:
    tokens = {*vocabulary.encode(text, add_special_tokens=False).ids}
    assert not digit_tokens(vocabulary) & tokens


def test_tokens_that_control_the_model_are_not_among_them(vocabulary: tokenizers.Tokenizer) -> None:
    tokens = digit_tokens(vocabulary)
    assert len(tokens) > 100
    assert all(vocabulary.decode([token]) for token in tokens)
