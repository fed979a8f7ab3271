import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sferic.audio import SAMPLE_RATE
from sferic.recognition.sherpa.words import spoken, spread, timed, words

S = SAMPLE_RATE


def joined(*tokens: str) -> list[str]:
    seconds = [0.1 * n for n in range(len(tokens))]
    return [word.text for word in words(spoken(timed(tokens, seconds)))]


def test_a_word_begins_with_a_space_in_any_way_of_writing_it() -> None:
    assert joined(" HE", "LLO", " YOU") == ["HELLO", "YOU"]
    assert joined("▁he", "llo", "▁you") == ["hello", "you"]
    assert joined("h", "i", " ", "y", "o") == ["hi", "yo"]
    assert joined("he", "llo") == ["hello"]
    assert joined(" ", " ", "a", " ") == ["a"]


def test_punctuation_stands_at_its_word_and_counts_for_neither_time_nor_confidence() -> None:
    tokens = timed([" yes", ".", " no"], [0.0, 0.2, 1.0], [math.log(0.5), math.log(0.1), 0.0])
    yes, no = words(tokens)
    assert (yes.text, yes.start, yes.end) == ("yes.", 0, round(0.2 * S))
    assert yes.confidence == 0.5
    assert (no.start, no.confidence) == (S, 1.0)


def test_letters_out_of_several_bytes_are_put_together() -> None:
    assert joined("▁<0xE0>", "<0xA4>", "<0x95>", "ा") == ["का"]


def test_names_of_languages_and_the_like_are_no_text() -> None:
    assert joined("<en-US>", "▁hi", "<|SPEECH|>", "▁<3") == ["hi", "<3"]


def test_times_are_on_the_clock_and_corrected() -> None:
    [word] = words(timed([" a"], [1.0], start=500, scale=2.0))
    assert word.start == 500 + 2 * S


def test_a_word_ends_where_the_next_begins_or_after_a_while() -> None:
    one, two = words(timed([" a", " b"], [0.0, 0.1]))
    assert one.end == two.start
    assert two.end == two.start + S // 4
    [long] = words(timed([" a"], [0.0], durations=[0.4]))
    assert long.end == round(0.4 * S)


def test_what_tells_no_probabilities_is_sure() -> None:
    assert words(timed([" a"], [0.0]))[0].confidence == 1.0


@given(
    st.lists(
        st.tuples(st.text(" ▁abc.,", min_size=1, max_size=4), st.integers(0, 500)), max_size=20
    )
)
def test_words_are_in_order_and_lose_no_letter(tokens: list[tuple[str, int]]) -> None:
    texts = [text for text, _ in tokens]
    seconds = sorted(at / 100 for _, at in tokens)
    found = words(timed(texts, seconds))
    assert "".join(word.text for word in found).replace(" ", "") == "".join(texts).replace(
        " ", ""
    ).replace("▁", "")
    assert all(word.start <= word.end for word in found)
    assert all(a.start <= b.start for a, b in itertools.pairwise(found))


def test_tokens_without_times_are_spread_by_their_letters() -> None:
    samples = np.concatenate([np.zeros(S), np.ones(S), np.zeros(S)]).astype(np.float32)
    assert spread([" abc", "d", " efg"], samples) == [1.0, 1 + 4 / 9, 1 + 5 / 9]
    assert spread([], samples) == []
    assert spread(["a"], np.zeros(0, np.float32)) == [0.0]


def test_vowel_signs_belong_to_their_word_in_time() -> None:
    [word] = words(timed(["▁क", "ा", "।"], [0.0, 0.2, 0.4]))
    assert (word.text, word.end) == ("का।", round(0.4 * S))
