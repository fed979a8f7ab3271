from sferic.bench.listening import Listener, Waited
from sferic.protocol.messages import Message, SpeechEnded, SpeechStarted, Transcription, WordItem

BEGAN = 100.0
SILENCE = 0.6


def started(at: float) -> SpeechStarted:
    return SpeechStarted(session_id="s", timestamp=at)


def ended(at: float) -> SpeechEnded:
    return SpeechEnded(session_id="s", timestamp=at)


def said(start: float, end: float, *, final: bool) -> Transcription:
    word = WordItem(word="word", start=start, end=end, confidence=1.0)
    return Transcription(
        session_id="s",
        transcript="word",
        transcription="word",
        is_final=final,
        is_last=False,
        words=(word,),
    )


def final(start: float, end: float) -> Transcription:
    return said(start, end, final=True)


def partial(at: float) -> Transcription:
    return said(at - 0.3, at, final=False)


def heard(*messages: tuple[float, Message]) -> Listener:
    """A listener to whom these were said so many seconds after the stream began."""
    listener = Listener(BEGAN, SILENCE)
    for at, message in messages:
        listener.take(message, BEGAN + at)
    return listener


def rounded(waits: list[Waited]) -> list[tuple[float, float]]:
    return [(round(wait.since - BEGAN, 6), round(wait.seconds, 6)) for wait in waits]


def test_a_final_is_waited_for_from_when_the_silence_after_speech_was_fed() -> None:
    listener = heard((0.5, started(0.3)), (2.5, ended(2.13)), (3.0, final(0.3, 2.1)))
    assert rounded(listener.finals) == [(2.8, 0.2)]


def test_a_final_that_is_there_with_the_decision_took_no_time() -> None:
    listener = heard((0.5, started(0.3)), (2.5, ended(2.2)), (2.79, final(0.3, 2.1)))
    assert rounded(listener.finals) == [(2.8, 0.0)]


def test_a_pause_within_speech_decides_nothing() -> None:
    listener = heard(
        (0.5, started(0.3)),
        (2.5, ended(2.2)),
        (2.9, started(2.7)),
        (4.5, ended(4.2)),
        (5.0, final(0.3, 4.1)),
    )
    assert rounded(listener.finals) == [(4.8, 0.2)]


def test_a_final_may_come_when_somebody_speaks_again() -> None:
    listener = heard(
        (0.5, started(0.3)),
        (2.5, ended(2.2)),
        (3.5, started(3.3)),
        (4.0, final(0.3, 2.1)),
        (5.5, ended(5.2)),
        (6.0, final(3.3, 5.2)),
    )
    assert rounded(listener.finals) == [(2.8, 1.2), (5.8, 0.2)]


def test_noise_that_never_becomes_words_is_not_waited_for() -> None:
    listener = heard(
        (0.5, started(0.3)),
        (1.0, ended(0.7)),
        (3.5, started(3.3)),
        (5.5, ended(5.2)),
        (6.0, final(3.3, 5.2)),
    )
    assert rounded(listener.finals) == [(5.8, 0.2)]


def test_a_long_segment_that_is_cut_in_the_middle_decides_nothing() -> None:
    assert heard((0.5, started(0.3)), (22.0, final(0.3, 20.0))).finals == []


def test_a_decision_without_a_final_is_overdue() -> None:
    listener = heard((0.5, started(0.3)), (2.5, ended(2.2)), (4.5, started(4.3)), (6.5, ended(6.2)))
    assert rounded(listener.overdue(BEGAN + 5.0)) == [(2.8, 2.2)]
    assert rounded(listener.overdue(BEGAN + 7.0)) == [(2.8, 4.2), (6.8, 0.2)]


def test_partials_are_waited_for_from_one_to_the_next_while_somebody_speaks() -> None:
    listener = heard(
        (0.5, started(0.3)),
        (0.8, partial(0.7)),
        (1.2, partial(1.1)),
        (1.9, partial(1.6)),
        (2.5, ended(2.2)),
        (2.6, partial(2.2)),
        (4.0, started(3.8)),
        (4.3, partial(4.2)),
    )
    assert rounded(listener.partials) == [(0.8, 0.4), (1.2, 0.7)]


def test_partials_that_cease_while_somebody_speaks_are_missed() -> None:
    listener = heard((0.5, started(0.3)), (1.0, partial(0.9)), (5.0, ended(4.7)))
    assert rounded(listener.partials) == [(1.0, 4.0)]
