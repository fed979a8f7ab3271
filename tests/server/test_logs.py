import io
import logging

import pytest

from sferic.server.logs import SafeFormatter

SAID = "what somebody said"


def written(error: BaseException) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter("%(message)s"))
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "failed", (), None)
    record.exc_info = (type(error), error, error.__traceback__)
    handler.emit(record)
    return stream.getvalue()


def fail() -> None:
    raise ValueError(SAID)


def test_a_traceback_says_where_and_what_kind_but_not_the_message() -> None:
    with pytest.raises(ValueError, match=SAID) as caught:
        fail()
    text = written(caught.value)
    assert "builtins.ValueError at" in text
    assert "in fail" in text
    assert SAID not in text


def test_causes_contexts_and_groups_are_safe_too() -> None:
    def chain() -> None:
        try:
            fail()
        except ValueError as error:
            raise ExceptionGroup(SAID, [KeyError(SAID), OSError(SAID)]) from error

    with pytest.raises(ExceptionGroup) as caught:
        chain()
    text = written(caught.value)
    assert text.index("builtins.ValueError") < text.index("which led to")
    for kind in ("builtins.ExceptionGroup", "builtins.KeyError", "builtins.OSError"):
        assert kind in text
    assert SAID not in text


def test_of_a_failed_callback_or_forgotten_task_the_values_are_not_written() -> None:
    formatter = SafeFormatter("%(name)s %(message)s")
    lines = {
        f"Exception in callback shout({SAID!r})\nhandle: <Handle shout({SAID!r})>": (
            "asyncio Exception in callback shout"
        ),
        f"Task exception was never retrieved\nfuture: <Task exception=ValueError({SAID!r})>": (
            "asyncio Task exception was never retrieved"
        ),
    }
    for message, line in lines.items():
        record = logging.LogRecord("asyncio", logging.ERROR, "x", 1, "%s", (message,), None)
        assert formatter.format(record) == line
