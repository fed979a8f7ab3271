import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.errors import NotServedError, OptionsError, Problem, SessionClosedError
from sferic.protocol.messages import (
    LONGEST_CONTROL,
    CloseStream,
    Control,
    ErrorMessage,
    Finalize,
    Keepalive,
    Pong,
    SpeechEnded,
    SpeechStarted,
    Transcription,
    Unknown,
    Utterance,
    Warning,  # noqa: A004
    WordItem,
    decode,
    encode,
    parse_control,
)

PROBLEM = Problem(parameter="language", value="zh", allowed="one of …", message="no")

# From the server


def test_a_transcription_has_the_fields_of_the_specification_in_its_order() -> None:
    message = Transcription(
        session_id="sess_1",
        transcript="Zoë said hi.",
        transcription="Zoë said hi.",
        is_final=True,
        is_last=False,
        from_finalize=True,
        full_transcript="Zoë said hi.",
        language="en",
        languages=("en",),
        words=(WordItem(word="Zoë", start=0.1, end=0.29, confidence=0.97, speaker=0),),
        utterances=(Utterance(text="Zoë said hi.", start=0.1, end=1.0),),
        redacted_entities=(),
    )

    assert encode(message) == (
        '{"type":"transcription","status":"success","session_id":"sess_1",'
        '"transcript":"Zoë said hi.","transcription":"Zoë said hi.",'
        '"is_final":true,"is_last":false,"from_finalize":true,'
        '"full_transcript":"Zoë said hi.","language":"en","languages":["en"],'
        '"words":[{"word":"Zoë","start":0.1,"end":0.29,"confidence":0.97,"speaker":0}],'
        '"utterances":[{"text":"Zoë said hi.","start":0.1,"end":1.0}],"redacted_entities":[]}'
    )


def test_a_field_that_does_not_apply_is_absent_and_an_unknown_language_is_null() -> None:
    message = Transcription(
        session_id="s", transcript="", transcription="", is_final=True, is_last=True, language=None
    )

    assert json.loads(encode(message)) == {
        "type": "transcription",
        "status": "success",
        "session_id": "s",
        "transcript": "",
        "transcription": "",
        "is_final": True,
        "is_last": True,
        "language": None,
    }


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            SpeechStarted(session_id="s", timestamp=1.25),
            '{"type":"speech_started","session_id":"s","timestamp":1.25}',
        ),
        (
            SpeechEnded(session_id="s", timestamp=2.0),
            '{"type":"speech_ended","session_id":"s","timestamp":2.0}',
        ),
        (Warning(code="c", message="m"), '{"type":"warning","code":"c","message":"m"}'),
        (
            ErrorMessage(code="c", message="m"),
            '{"type":"error","status":"error","code":"c","message":"m","errors":[]}',
        ),
        (Pong(), '{"type":"pong"}'),
    ],
)
def test_every_other_message_is_written_as_the_protocol_says(
    message: SpeechStarted | SpeechEnded | Warning | ErrorMessage | Pong, text: str
) -> None:
    assert encode(message) == text
    assert decode(text) == message
    assert message.type == json.loads(text)["type"]


def test_fields_of_a_later_server_are_ignored() -> None:
    assert decode('{"type":"pong","at":3}') == Pong()


def test_what_is_no_message_of_a_server_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode('{"type":"metadata"}')


def test_an_error_on_the_wire_lists_every_problem() -> None:
    message = ErrorMessage.of(OptionsError([PROBLEM, PROBLEM]))

    assert message.code == "invalid_parameters"
    assert (
        json.loads(encode(message))["errors"]
        == [{"parameter": "language", "value": "zh", "allowed": "one of …", "message": "no"}] * 2
    )


def test_an_error_with_one_problem_lists_it() -> None:
    (problem,) = ErrorMessage.of(NotServedError("or", model="m", served=["en"])).errors

    assert (problem.parameter, problem.value, problem.allowed) == ("language", "or", "en")


def test_an_error_without_problems_has_none() -> None:
    message = ErrorMessage.of(SessionClosedError())

    assert (message.code, message.errors) == ("session_closed", ())


# From the client


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ('{"type":"finalize"}', Finalize()),
        ('{"flag":"END"}', Finalize()),
        ('{"type":"close_stream"}', CloseStream()),
        ('{"type":"end"}', CloseStream()),
        ('{"type":"keepalive"}', Keepalive()),
        (' { "time": [1, {}], "type" : "keepalive" } \n', Keepalive()),
    ],
)
def test_a_client_says_what_it_wants(text: str, control: Control) -> None:
    assert parse_control(text) == control


@pytest.mark.parametrize(
    "text",
    [
        "",
        "finalize",
        "null",
        "[]",
        '"finalize"',
        "{}",
        '{"type":"FINALIZE"}',
        '{"type":["finalize"]}',
        '{"type":"start","flag":"END"}',
        '{"flag":"end"}',
        '{"type":"finalize"',
        '{"type":"\\ud800"}',
        "\ud800",
        "\x00",
        "[" * 60_000,
        '{"type":' * 8_000,
        '{"a":' * 12_000,
        '{"type":"finalize","pad":"' + "x" * LONGEST_CONTROL + '"}',
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_anything_else_is_unknown(text: str) -> None:
    assert isinstance(parse_control(text), Unknown)


def test_the_answer_to_an_unknown_message_says_what_is_known() -> None:
    control = parse_control("hello\u202e" + "x" * 100_000)

    assert isinstance(control, Unknown)
    warning = control.warning()
    assert warning.code == "unknown_message"
    assert "hello" in warning.message
    assert "close_stream" in warning.message
    assert "binary" in warning.message
    assert warning.message.isprintable()
    assert len(warning.message) < 400


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.just("finalize"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("type"), inner),
)


@given(st.text() | JSON.map(json.dumps))
def test_no_text_makes_the_reading_fail(text: str) -> None:
    control = parse_control(text)

    if isinstance(control, Unknown):
        encode(control.warning())
