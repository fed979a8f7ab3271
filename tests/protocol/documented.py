"""What the AsyncAPI document says of a message, as a check."""

import functools
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from sferic.protocol.asyncapi import document


def assert_documented(message: Mapping[str, Any]) -> None:
    """A message of the server is one of those in the document, and says nothing beyond it."""
    validators = _validators()
    assert message["type"] in validators
    validators[message["type"]].validate(message)


@functools.cache
def _validators() -> dict[str, Any]:
    whole: Any = document("127.0.0.1", secure=False)
    schemas = {name: _closed(schema) for name, schema in whole["components"]["schemas"].items()}
    sent = {
        name.rpartition("/")[2]
        for operation in whole["operations"].values()
        if operation["action"] == "send"
        for name in (message["$ref"] for message in operation["messages"])
    }
    payloads = [whole["components"]["messages"][name]["payload"] for name in sent]
    names = [payload["$ref"].rpartition("/")[2] for payload in payloads]
    return {
        schemas[name]["properties"]["type"]["enum"][0]: Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        )
        for name in names
    }


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without fields that it does not name, which clients are told to ignore."""
    return {**schema, "additionalProperties": False}
