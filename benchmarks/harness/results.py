"""Figures on their way to a file."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How values are spread."""

    count: int
    p50: float
    p95: float


def spread(values: Sequence[float]) -> Spread | None:
    """Sum up values; None if there are none."""
    if not values:
        return None
    p50, p95 = np.percentile(values, [50, 95])
    return Spread(count=len(values), p50=round(float(p50), 3), p95=round(float(p95), 3))


def now() -> str:
    """The time in UTC, to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def command_line(module: str, arguments: Sequence[str]) -> str:
    """What was typed, fit to be published: of absolute paths only the last part."""
    return shlex.join(["python", "-m", module, *(_public(argument) for argument in arguments)])


def write_json(report: msgspec.Struct, file: Path) -> None:
    """Write a report for machines, indented so that changes show line by line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def _public(argument: str) -> str:
    flag, equals, value = argument.rpartition("=")
    return flag + equals + (Path(value).name if Path(value).is_absolute() else value)
