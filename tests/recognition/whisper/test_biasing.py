"""Keywords put to a decoder whose verdict a test decides."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.recognition.keywords import Keywords
from sferic.recognition.whisper.backend import Decoded
from sferic.recognition.whisper.biasing import Biasing, Spelled


class Reader:
    """Has a token for each word, and holds each for as likely as a test says.

    Attributes:
        likely: Log-probabilities of words; of others it is -1.
        reviewed: The texts that it was shown.
    """

    def __init__(self, **likely: float) -> None:
        self.likely = likely
        self.reviewed: list[str] = []
        self._numbers = itertools.count()
        self._ids: dict[str, int] = {}
        self._texts: dict[int, str] = {}

    def encode(self, text: str) -> list[int]:
        for word in text.split():
            if word not in self._ids:
                self._ids[word] = next(self._numbers)
                self._texts[self._ids[word]] = word
        return [self._ids[word] for word in text.split()]

    def review(self, tokens: Sequence[int]) -> Decoded:
        self.reviewed.append(self.text(tokens))
        return self.decoded(self.text(tokens))

    def text(self, tokens: Sequence[int]) -> str:
        return " ".join(self._texts[token] for token in tokens)

    def decoded(self, text: str) -> Decoded:
        tokens = self.encode(text)
        scores = [self.likely.get(self._texts[token].strip(".,"), -1.0) for token in tokens]
        return Decoded(
            tokens=tokens,
            probabilities=np.exp(np.array(scores, np.float32)),
            starts=np.arange(len(tokens) + 1),
            log_probability=-1,
            no_speech=0,
        )

    def biased(self, text: str, *keywords: tuple[str, float], given: int = 0) -> str:
        """The text after the keywords have been put to it."""
        biasing = Biasing(Keywords.of(keywords), self.encode, self.review)
        decoded = self.decoded(text)
        words = [
            Spelled(word, at, at + 1, float(decoded.probabilities[at]))
            for at, word in enumerate(text.split())
        ]
        after = biasing.apply(decoded, words, given=given)
        assert len(after.probabilities) == len(after.tokens) == len(after.starts) - 1
        return self.text(after.tokens)


def test_a_keyword_takes_the_place_of_what_sounds_like_it() -> None:
    assert Reader(Sferic=-1.2).biased("the spheric server", ("Sferic", 2)) == "the Sferic server"


def test_the_boost_decides_how_unlikely_it_may_be() -> None:
    reader = Reader(Sferic=-6.5)
    assert reader.biased("the spheric server", ("Sferic", 1)) == "the spheric server"
    assert reader.biased("the spheric server", ("Sferic", 3)) == "the Sferic server"


def test_what_the_decoder_holds_for_impossible_is_not_put_in() -> None:
    assert Reader(Sferic=-40).biased("the spheric server", ("Sferic", 3)) == "the spheric server"


def test_nothing_is_asked_where_nothing_sounds_like_a_keyword() -> None:
    reader = Reader()
    assert reader.biased("it was the best of times", ("Kowalczyk", 3)) == "it was the best of times"
    assert reader.reviewed == []


def test_a_keyword_that_is_there_already_stays_as_it_is() -> None:
    reader = Reader()
    assert reader.biased("the Sferic server", ("Sferic", 3)) == "the Sferic server"
    assert reader.reviewed == []


def test_capitals_are_written_as_they_were_given() -> None:
    assert Reader(LoRa=-1).biased("a lora gateway", ("LoRa", 1)) == "a LoRa gateway"


@pytest.mark.parametrize(
    ("heard", "written"),
    [('"Blakwel', '"Blackwell'), ("Blakwel's", "Blackwell's"), ("¿Blakwel", "¿Blackwell")],
)
def test_marks_before_it_and_its_genitive_stay(heard: str, written: str) -> None:
    reader = Reader(**{written: -1.0})
    assert reader.biased(f"the {heard} chip", ("Blackwell", 2)) == f"the {written} chip"


def test_words_that_are_given_stay() -> None:
    reader = Reader(Sferic=-0.1)
    assert reader.biased("spheric is spheric", ("Sferic", 2), given=1) == "spheric is Sferic"


def test_of_two_for_one_place_the_likelier_is_taken() -> None:
    reader = Reader(Stefan=-2, Stefen=-0.2)
    assert reader.biased("so Stephan said", ("Stefan", 2), ("Stefen", 2)) == "so Stefen said"


def test_a_keyword_that_was_heard_gives_way_to_no_other() -> None:
    reader = Reader(Stefen=-0.1)
    heard = reader.biased("so Stefan, said", ("Stefan", 2), ("Stefen", 3))
    assert heard == "so Stefan, said"


def test_words_that_the_decoder_is_sure_of_give_way_only_to_what_sounds_the_same() -> None:
    reader = Reader(depth=-0.1, Depp=-0.1)
    assert reader.biased("the depth of", ("Depp", 3)) == "the depth of"
    assert reader.reviewed == []
    assert Reader(stephan=-0.1).biased("so stephan said", ("Stefan", 2)) == "so Stefan said"


names = st.text("abdefgiklmnoprstuvz", min_size=3, max_size=6)


@given(st.lists(names, max_size=8), st.lists(names, max_size=20))
def test_whatever_is_said_only_keywords_are_put_in_and_few_texts_are_tried(
    words: list[str], entries: list[str]
) -> None:
    reader = Reader()
    after = reader.biased(" ".join(words), *((entry, 1.0) for entry in entries)).split()
    assert set(after) <= {*words, *entries}
    assert len(reader.reviewed) <= 9
