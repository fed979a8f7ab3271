"""The OpenAPI 3.1 document of the plain HTTP paths, written from the options and the answers."""

from importlib import metadata

import msgspec

from sferic.protocol.asyncapi import Json, parameter
from sferic.protocol.dialects import DIALECTS, RECORDED_DIALECTS, Dialect
from sferic.protocol.messages import ErrorMessage
from sferic.protocol.options import rows
from sferic.protocol.recorded import (
    Processing,
    RecordedError,
    RecordedTranscription,
    RequestStatus,
    SecretAnswer,
    UrlBody,
)

_SCHEMAS = (
    ErrorMessage,
    Processing,
    RecordedError,
    RecordedTranscription,
    RequestStatus,
    SecretAnswer,
    UrlBody,
)

_ERRORS = {
    400: "A parameter, the JSON body or an address in them is not allowed; all that is wrong is "
    "listed.",
    401: "There is no key, or it is not in force.",
    403: "The page is of an origin that is not allowed.",
    404: "The key has made no such request, or it is no longer kept.",
    408: "The body stopped coming.",
    413: "The body is larger, or the recording longer, than is taken.",
    415: "The body is a form.",
    422: "The recording cannot be read, or not be fetched.",
    426: "This is a WebSocket too, and only that can be had by GET.",
    429: "The key has as many sessions and recordings open as it may.",
    503: "The server is full, stopping or loading its model.",
}

_DESCRIPTION = """\
Speech to text for recordings. Live sessions are WebSockets, and described by `/asyncapi.json`.

Parameters that are not here are ignored."""


def document(url: str) -> Json:
    """Return the document.

    Args:
        url: Of the server, without a path.
    """
    _, schemas = msgspec.json.schema_components(
        _SCHEMAS, ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sferic",
            "version": metadata.version("sferic"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "security": [{"key": []}],
        "paths": {
            **{path: _recording(one, path) for one in RECORDED_DIALECTS for path in one.paths},
            "/waves/v1/stt/requests/{request_id}": _status(),
            "/waves/v1/stt/webhook-secret": _secret(),
        },
        "webhooks": {"result": _delivery()},
        "components": {
            "schemas": schemas,
            "responses": {str(status): _error(said) for status, said in _ERRORS.items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _recording(dialect: Dialect, path: str) -> Json:
    audio: Json = {"schema": {}}
    name = "".join(part.capitalize() for part in path.replace(".", "/").split("/"))
    slash = "Slash" if path.endswith("/") else ""
    live = any(path in other.paths for other in DIALECTS)
    upgrade: Json = {"get": _upgrade(f"upgrade{name}")} if live else {}
    return {
        **upgrade,
        "post": {
            "operationId": f"transcribe{name}{slash}",
            "summary": "Transcribe a recording.",
            "description": "The transcript is the answer; with `webhook_url` the answer comes at "
            "once, and the transcript goes there.",
            "parameters": [
                {
                    "name": spec.name,
                    "in": "query",
                    "required": spec.name in dialect.required,
                    "description": spec.doc,
                    "schema": parameter(spec, dialect),
                }
                for spec in rows(dialect)
                if spec.available
            ],
            "requestBody": {
                "required": True,
                "description": "The audio, in any container, or where it is.",
                "content": {
                    "application/octet-stream": audio,
                    "audio/*": audio,
                    "application/json": {"schema": _schema(UrlBody)},
                },
            },
            "responses": _responses(
                "The transcript, or a promise of it.",
                {"anyOf": [_schema(RecordedTranscription), _schema(Processing)]},
                *(400, 401, 403, 408, 413, 415, 422, 429, 503),
            ),
        },
    }


def _upgrade(name: str) -> Json:
    return {
        "operationId": name,
        "summary": "Open a live session, by an upgrade to a WebSocket.",
        "security": [],
        "responses": {"426": {"$ref": "#/components/responses/426"}},
    }


def _status() -> Json:
    return {
        "get": {
            "operationId": "status",
            "summary": "See what became of a request with a `webhook_url`.",
            "parameters": [
                {
                    "name": "request_id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "minLength": 1},
                }
            ],
            "responses": _responses("How far it is.", _schema(RequestStatus), 401, 403, 404, 503),
        }
    }


def _secret() -> Json:
    return {
        "get": {
            "operationId": "webhookSecret",
            "summary": "Get the secret that the deliveries of this key are signed with.",
            "responses": _responses("The secret.", _schema(SecretAnswer), 401, 403, 503),
        }
    }


def _delivery() -> Json:
    headers = {
        "webhook-id": "The request; the same at every attempt.",
        "webhook-timestamp": "Of this attempt, in seconds since 1970.",
        "webhook-signature": "`v1,` and the HMAC-SHA256 of id, timestamp and body, joined by dots, "
        "in Base64.",
    }
    body = {"anyOf": [_schema(RecordedTranscription), _schema(RecordedError)]}
    return {
        "post": {
            "operationId": "result",
            "summary": "A result, sent to `webhook_url`.",
            "security": [],
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": said,
                    "schema": {"type": "string"},
                }
                for name, said in headers.items()
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {"2XX": {"description": "It is taken, and not sent again."}},
        }
    }


def _responses(said: str, schema: Json, *errors: int) -> Json:
    answers: Json = {str(one): {"$ref": f"#/components/responses/{one}"} for one in errors}
    return {"200": _json(said, schema), **answers}


def _error(said: str) -> Json:
    return _json(said, _schema(ErrorMessage))


def _json(said: str, schema: Json) -> Json:
    return {"description": said, "content": {"application/json": {"schema": schema}}}


def _schema(kind: type) -> Json:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
