from sferic.speech.segmenter import SpeechEnded, SpeechStarted
from sferic.speech.turns import Turns


def test_a_pause_within_a_turn_is_not_told() -> None:
    turns = Turns()

    assert turns.started(SpeechStarted(10)) == SpeechStarted(10)
    turns.paused(SpeechEnded(20))
    assert turns.started(SpeechStarted(30)) is None
    turns.paused(SpeechEnded(40))
    assert turns.over() == SpeechEnded(40)


def test_a_turn_is_over_once() -> None:
    turns = Turns()
    turns.started(SpeechStarted(10))
    turns.paused(SpeechEnded(20))

    assert turns.over() is not None
    assert turns.over() is None
    assert turns.started(SpeechStarted(50)) == SpeechStarted(50)


def test_without_speech_nothing_ends() -> None:
    assert Turns().over() is None
