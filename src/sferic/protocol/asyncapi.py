"""The AsyncAPI 3 document of the live paths, written from the options and the messages.

The document describes the server: what it receives is what clients send.
"""

from collections.abc import Iterator
from importlib import metadata

import msgspec

from sferic.errors import Problem
from sferic.protocol import messages
from sferic.protocol.dialects import DIALECTS, Dialect
from sferic.protocol.messages import (
    CloseStream,
    ErrorMessage,
    Finalize,
    Keepalive,
    Message,
    Pong,
    Request,
    SpeechEnded,
    SpeechStarted,
    Transcription,
    WordItem,
)
from sferic.protocol.options import OptionSpec, rows

Json = dict[str, object]

REQUESTS: dict[str, type] = {
    "finalize": Finalize,
    "closeStream": CloseStream,
    "keepalive": Keepalive,
}
"""What clients say in text, by the name of the message in the document."""

ANSWERS: dict[str, type] = {
    "transcription": Transcription,
    "speechStarted": SpeechStarted,
    "speechEnded": SpeechEnded,
    "warning": messages.Warning,
    "error": ErrorMessage,
    "pong": Pong,
}
"""What the server says, likewise."""

_DESCRIPTION = """\
Speech to text in real time. Send audio in binary messages, as it is spoken or faster; read
transcripts. A partial (`is_final: false`) replaces the one before it; a final replaces the partials
of its segment. A text message takes effect at its place in the audio.

A handshake that is refused is answered with an HTTP status and the message `error` as its body: 400
for parameters (all that is wrong is listed), 401 without a key or token in force, 403 for a page of
another origin or options that a token does not allow, 429 for a key with too many sessions, 503 for
a server that is full, stopping or loading its model; the last two with `Retry-After`.

An open session ends with one of these close codes; any but 1000 comes after an `error`: 1000 the
last transcript was sent, 1007 audio or text that cannot be decoded, 1008 a limit or a revoked key,
1009 a message of more than 64 MiB, 1011 a fault of the server, 1012 the server stops."""

_AUDIO: Json = {
    "title": "Audio",
    "summary": "Audio as `encoding` and `sample_rate` say, in pieces of any size.",
    "contentType": "application/octet-stream",
    "payload": {"type": "string", "format": "binary"},
}

_SECURITY: dict[str, Json] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "`Authorization: Bearer KEY`",
    },
    "subprotocol": {
        "type": "httpApiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": "For browsers: the subprotocols `bearer, KEY`, of which `bearer` is chosen.",
    },
    "token": {
        "type": "httpApiKey",
        "in": "query",
        "name": "token",
        "description": "For browsers: a short-lived token of `POST /v1/tokens`, never a key. It "
        "also goes wherever a key does.",
    },
}


def document(host: str, *, secure: bool) -> Json:
    """Return the document.

    Args:
        host: Of the server, with its port.
        secure: Whether it is reached over TLS.
    """
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sferic",
            "version": metadata.version("sferic"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "this": {
                "host": host,
                "protocol": "wss" if secure else "ws",
                "security": [_reference("components", "securitySchemes", of) for of in _SECURITY],
            }
        },
        "channels": {dialect.name: _channel(dialect) for dialect in DIALECTS},
        "operations": dict(_operations()),
        "components": {
            "messages": {"audio": _AUDIO, **_messages()},
            "schemas": _schemas(),
            "securitySchemes": _SECURITY,
        },
    }


def _channel(dialect: Dialect) -> Json:
    path, *others = dialect.paths
    also = f" Also served at {', '.join(f'`{other}`' for other in others)}." if others else ""
    ends = "ends the session, as `close_stream` does" if dialect.finalize_ends else "ends a turn"
    told = " Finals have `from_finalize` and end with a space." if dialect.tells_finalize else ""
    told += " `speech_ended` comes after the final of a segment." if dialect.tells_turns else ""
    query: Json = {
        "type": "object",
        "properties": {spec.name: parameter(spec, dialect) for spec in rows(dialect)},
    }
    if dialect.required:
        query["required"] = [spec.name for spec in rows(dialect) if spec.name in dialect.required]
    return {
        "address": path,
        "title": f"A live session, {dialect.name} dialect",
        "description": f"`finalize` {ends}.{told}{also}",
        "messages": {
            name: _reference("components", "messages", name)
            for name in ("audio", *REQUESTS, *ANSWERS)
        },
        "bindings": {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
    }


def parameter(spec: OptionSpec, dialect: Dialect) -> Json:
    """Return the schema of an option, as a path has it."""
    schema = {**spec.kind.schema, "description": spec.doc}
    default = dialect.default(spec.name, spec.default)
    if not spec.available:
        schema["description"] = f"{spec.doc} Not available yet: only the default is taken."
    elif spec.name not in dialect.required and default not in (None, ()):
        schema["default"] = default
    if spec.aliases:
        schema["x-aliases"] = list(spec.aliases)
    return schema


def _operations() -> Iterator[tuple[str, Json]]:
    for dialect in DIALECTS:
        for action, names in (("receive", ("audio", *REQUESTS)), ("send", (*ANSWERS,))):
            yield (
                f"{dialect.name}.{action}",
                {
                    "action": action,
                    "channel": _reference("channels", dialect.name),
                    "messages": [
                        _reference("channels", dialect.name, "messages", name) for name in names
                    ],
                },
            )


def _messages() -> dict[str, Json]:
    return {
        name: {
            "title": kind.__name__,
            "summary": (kind.__doc__ or "").strip(),
            "payload": _reference("components", "schemas", kind.__name__),
            "examples": [{"payload": msgspec.to_builtins(example)} for example in _examples(kind)],
        }
        for name, kind in (REQUESTS | ANSWERS).items()
    }


def _schemas() -> dict[str, Json]:
    _, schemas = msgspec.json.schema_components(
        [*REQUESTS.values(), *ANSWERS.values()], ref_template="#/components/schemas/{name}"
    )
    return schemas


def _examples(kind: type) -> list[Message | Request]:
    return [example for example in _EXAMPLES if type(example) is kind]


def _reference(*path: str) -> Json:
    return {"$ref": "/".join(("#", *path))}


_SESSION = "sess_7d3f2a9c51b08e46"
_EXAMPLES: tuple[Message | Request, ...] = (
    Finalize(),
    CloseStream(),
    Keepalive(),
    Transcription(
        session_id=_SESSION,
        transcript="How are",
        transcription="How are",
        is_final=False,
        is_last=False,
        words=(
            WordItem(word="How", start=0.48, end=0.64, confidence=0.97),
            WordItem(word="are", start=0.64, end=0.8, confidence=0.93),
        ),
    ),
    Transcription(
        session_id=_SESSION,
        transcript="How are you? ",
        transcription="How are you? ",
        is_final=True,
        is_last=False,
        from_finalize=True,
        language="en",
        languages=("en",),
        words=(
            WordItem(word="How", start=0.48, end=0.64, confidence=0.98),
            WordItem(word="are", start=0.64, end=0.8, confidence=0.99),
            WordItem(word="you?", start=0.8, end=1.12, confidence=0.99),
        ),
    ),
    SpeechStarted(session_id=_SESSION, timestamp=0.42),
    SpeechEnded(session_id=_SESSION, timestamp=1.18),
    messages.Warning(
        code="unknown_message", message="this text message was not understood and is ignored"
    ),
    ErrorMessage(
        code="invalid_parameters",
        message="model is missing: it must be one of pulse",
        errors=(
            Problem(
                parameter="model",
                value="",
                allowed="one of pulse",
                message="model is missing: it must be one of pulse",
            ),
        ),
    ),
    Pong(),
)
