"""Logs that hold no audio, no transcripts, no keys and no query strings, tracebacks included."""

import logging
import logging.config
import re
import traceback
from types import TracebackType

_Exc = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class SafeFormatter(logging.Formatter):
    """Writes of an exception where it happened and its type, but not its message.

    The message of an unexpected exception may hold anything that the program had in its hands, and
    that is what people said.
    """

    def formatException(self, ei: _Exc) -> str:  # noqa: N802
        """Write the chain of exceptions, oldest first."""
        return "\n".join(_chain(ei[1])) if ei[1] is not None else ""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Write the line; asyncio's own hold tasks and callbacks with their values."""
        if record.name == "asyncio":
            record.message = re.split(r"[(<\n]", record.message, maxsplit=1)[0].rstrip()
        return super().formatMessage(record)

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        """Write a stack: places and lines of source hold no values."""
        return stack_info


def configure(level: str) -> None:
    """Send the logs of the process to standard error.

    Args:
        level: The lowest level that is written.
    """
    threshold = level.upper()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "safe": {
                    "()": SafeFormatter,
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "safe"}},
            "loggers": {
                "sferic": {"level": threshold},
                # Below warnings these two log URLs, headers and beginnings of messages.
                "uvicorn": {"level": "WARNING"},
                "websockets": {"level": "WARNING"},
            },
            "root": {"level": "WARNING", "handlers": ["stderr"]},
        }
    )


def _chain(error: BaseException) -> list[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [] if before is None else [*_chain(before), "which led to"]
    lines += [f"{type(error).__module__}.{type(error).__qualname__} at"]
    lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            lines += ["which holds", *_chain(inner)]
    return lines
