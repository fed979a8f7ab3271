import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator, Draft202012Validator, ValidationError

from protocol.documented import assert_documented
from sferic.errors import Problem
from sferic.protocol.asyncapi import ANSWERS, REQUESTS, document
from sferic.protocol.dialects import DIALECTS, Dialect
from sferic.protocol.messages import (
    ErrorMessage,
    Message,
    Pong,
    Request,
    Transcription,
    encode,
    parse_control,
)
from sferic.protocol.options import TABLE, parse_options, rows

OFFICIAL = Path(__file__).with_name("asyncapi-3.0.0.json.gz")
"""The JSON Schema of AsyncAPI 3.0.0 as its authors publish it; NOTICE says where it is from."""

EACH = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@pytest.fixture
def made() -> Any:
    return json.loads(json.dumps(document("stt.example.com", secure=True)))


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for one in inner:
        yield from references(one)


def test_the_document_is_what_asyncapi_3_allows(made: Any) -> None:
    schema = json.loads(gzip.decompress(OFFICIAL.read_bytes()))

    assert list(Draft7Validator(schema).iter_errors(made)) == []
    del made["channels"]["live"]["address"], made["info"]["title"]
    assert list(Draft7Validator(schema).iter_errors(made)) != []


def test_every_reference_leads_somewhere(made: Any) -> None:
    found = list(references(made))

    assert len(found) > 50
    for reference in found:
        part = made
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_it_says_where_the_server_is_and_how_a_key_is_shown() -> None:
    for secure, protocol in ((True, "wss"), (False, "ws")):
        server: Any = document("stt.example.com:8443", secure=secure)
        (one,) = server["servers"].values()
        assert (one["host"], one["protocol"]) == ("stt.example.com:8443", protocol)
        assert len(one["security"]) == 3


@EACH
def test_a_channel_has_the_options_of_its_dialect_with_their_defaults(
    made: Any, dialect: Dialect
) -> None:
    channel = made["channels"][dialect.name]
    query = channel["bindings"]["ws"]["query"]

    assert channel["address"] == dialect.paths[0]
    assert list(query["properties"]) == [spec.name for spec in rows(dialect)]
    assert set(query.get("required", ())) == dialect.required
    needed = [("model", "pulse"), ("language", "en")]
    options = parse_options(needed if dialect.required else [], dialect=dialect)
    for name, parameter in query["properties"].items():
        if "default" in parameter:
            assert parameter["default"] == getattr(options, name)


@pytest.mark.parametrize("spec", TABLE, ids=lambda spec: spec.name)
def test_the_schema_of_an_option_takes_its_default(spec: Any) -> None:
    validator = Draft202012Validator(dict(spec.kind.schema))

    if spec.default not in (None, ()):
        validator.validate(spec.default)
    with pytest.raises(ValidationError):
        validator.validate({"no": "value"})


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("language", ["multi-eu", "en-US", "pt_BR"], ["xx", "english"]),
        ("sample_rate", [8000], [8001, "8000"]),
        ("encoding", ["opus"], ["mp3"]),
        ("numerals", ["auto"], ["perhaps", True]),
        ("max_words", [1, 1000], [0, 1001, 1.5]),
        ("vad_threshold", [0.1], [0, 1]),
        ("external_session_id", ["call-7"], ["call 7", "x" * 129]),
        ("webhook_url", ["https://example.com/x"], ["ftp://example.com"]),
    ],
)
def test_the_schema_of_an_option_allows_what_its_row_allows(
    name: str, right: list[object], wrong: list[object]
) -> None:
    (spec,) = (spec for spec in TABLE if spec.name == name)
    validator = Draft202012Validator(dict(spec.kind.schema))

    assert all(validator.is_valid(value) for value in right)
    assert not any(validator.is_valid(value) for value in wrong)


def test_every_message_of_the_protocol_is_in_it(made: Any) -> None:
    assert set(ANSWERS.values()) == set(get_args(Message))
    assert set(REQUESTS.values()) == set(get_args(Request))
    for dialect in DIALECTS:
        assert set(made["channels"][dialect.name]["messages"]) == {"audio", *REQUESTS, *ANSWERS}


def test_what_clients_are_told_to_send_is_understood(made: Any) -> None:
    for name, kind in REQUESTS.items():
        (example,) = made["components"]["messages"][name]["examples"]
        assert isinstance(parse_control(json.dumps(example["payload"])), kind)


def test_examples_of_answers_are_what_their_schemas_say(made: Any) -> None:
    for name in ANSWERS:
        examples = made["components"]["messages"][name]["examples"]
        assert examples
        for example in examples:
            assert_documented(example["payload"])


def test_a_message_that_is_not_in_the_document_is_noticed() -> None:
    problem = Problem(parameter="x", value="y", allowed="z", message="no")
    assert_documented(json.loads(encode(ErrorMessage(code="x", message="y", errors=(problem,)))))
    final = Transcription(
        session_id="s", transcript="", transcription="", is_final=True, is_last=True, language=None
    )
    assert_documented(json.loads(encode(final)))
    assert_documented(json.loads(encode(Pong())))
    for wrong in (
        {"type": "pong", "more": 1},
        {"type": "transcription", "transcript": ""},
        {"type": "speech_ended", "session_id": "s", "timestamp": "1"},
    ):
        with pytest.raises(ValidationError):
            assert_documented(wrong)
    with pytest.raises(AssertionError):
        assert_documented({"type": "greeting"})
