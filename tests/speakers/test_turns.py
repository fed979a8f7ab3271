"""From what segmentation says of windows to turns on the clock of the stream."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sferic.speakers.networks import FRAME_LENGTH, FRAME_STEP
from sferic.speakers.turns import Moments, powers
from speakers.voices import S

SILENCE, A, B, C, AB = 0, 1, 2, 3, 4
Quiet = tuple[tuple[float, float], ...]


def window(*parts: tuple[float, int]) -> NDArray[np.float32]:
    """Seconds of each set."""
    sets = [number for seconds, number in parts for _ in range(round(seconds * S / FRAME_STEP))]
    return np.eye(7, dtype=np.float32)[sets] * 0.9 + 0.01


def heard(*windows: tuple[float, NDArray[np.float32]], quiet: Quiet = ()) -> Moments:
    """Windows of audio that is equally loud but where it is quiet, in seconds of the first."""
    moments = Moments()
    for start, probabilities in windows:
        powers = np.ones(len(probabilities), np.float32)
        for begin, stop in quiet:
            powers[round(begin * S / FRAME_STEP) : round(stop * S / FRAME_STEP)] = 0.001
        moments.add(round(start * S / FRAME_STEP) * FRAME_STEP, probabilities, powers)
    return moments


def turns(moments: Moments, start: float = 0, end: float = 60) -> list[tuple[Any, Any, int]]:
    return [
        (pytest.approx(turn.start / S, abs=0.06), pytest.approx(turn.end / S, abs=0.06), turn.track)
        for turn in moments.turns(round(start * S), round(end * S))
    ]


def test_a_turn_is_where_one_voice_speaks_alone() -> None:
    moments = heard((0, window((1, SILENCE), (2, A), (0.5, AB), (2, B), (1, SILENCE))))
    assert turns(moments) == [(1, 3, 0), (3.5, 5.5, 1)]
    assert moments.overlap(round(3.1 * S), round(3.4 * S)) == 1
    assert moments.overlap(round(1.5 * S), round(2 * S)) == 0


def test_breaths_and_blips_do_not_part_a_turn_and_scraps_are_none() -> None:
    moments = heard(
        (0, window((1, A), (0.05, SILENCE), (1, A), (0.05, B), (1, A), (1, SILENCE), (0.15, C)))
    )
    assert turns(moments) == [(0, 3.1, 0)]


def test_a_voice_keeps_its_track_from_one_window_to_the_next() -> None:
    first = window((3, A), (3, B), (4, A))
    second = window((1, C), (4, A), (5, C))  # from 5 s on: B, A, and A goes on
    assert turns(heard((0, first), (5, second))) == [
        (0, 3, 0),
        (3, 6, 1),
        (6, 10, 0),
        (10, 15, 1),
    ] or (turns(heard((0, first), (5, second)))) == [(0, 3, 0), (3, 6, 1), (6, 15, 0)]


def test_windows_that_share_nothing_are_taken_as_they_are() -> None:
    moments = heard((0, window((2, A))), (20, window((2, B))))
    assert turns(moments) == [(0, 2, 0), (20, 22, 1)]


def test_turns_are_cut_at_the_borders_that_are_asked_for() -> None:
    moments = heard((0, window((10, A))))
    assert turns(moments, 2, 4) == [(2, 4, 0)]


def test_what_is_forgotten_is_gone_and_the_rest_stays_in_place() -> None:
    moments = heard((0, window((4, A), (4, B))))
    moments.forget(5 * S)
    assert turns(moments) == [(5, 8, 1)]
    moments.forget(60 * S)
    assert turns(moments) == []


def test_a_turn_ends_where_it_is_quiet_although_segmentation_hears_none_of_it() -> None:
    talk = (0.0, window((6, A)))
    assert turns(heard(talk, quiet=((2, 2.3),))) == [(0, 2, 0), (2.3, 6, 0)]
    assert turns(heard(talk, quiet=((2, 2.05),))) == [(0, 6, 0)]


def test_nothing_shorter_than_a_turn_is_cut_off_by_quiet() -> None:
    talk = (0.0, window((6, A)))
    assert turns(heard(talk, quiet=((2, 2.3), (2.45, 2.6)))) == [(0, 2, 0), (2.3, 6, 0)]
    assert turns(heard(talk, quiet=((0.1, 0.3),))) == [(0, 6, 0)]


def test_power_is_that_of_the_middle_of_each_moment() -> None:
    samples = np.zeros(S, np.float32)
    first = (FRAME_LENGTH - FRAME_STEP) // 2
    samples[first + 3 * FRAME_STEP : first + 4 * FRAME_STEP] = 0.5
    found = powers(samples)
    assert len(found) == (S - FRAME_LENGTH) // FRAME_STEP + 1
    assert np.flatnonzero(found).tolist() == [3]
    assert found[3] == pytest.approx(0.25)
