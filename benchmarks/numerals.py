"""How spoken numbers are written: phrases of eight languages, cardinals of all, and the cost.

`python -m benchmarks.numerals --help`; docs/benchmarks.md says what the figures mean.
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from benchmarks import numerals_view
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.numerals_engines import Engine, Mode, cost, own, tool
from benchmarks.numerals_report import CardinalFigures, Count, Figures, Report, targets
from benchmarks.numerals_scoring import is_number, is_right
from benchmarks.numerals_sets import KINDS, cardinals, judging, phrases
from benchmarks.peers.errors import PeerError
from benchmarks.peers.run import named
from benchmarks.peers.texts import NORMALISERS
from benchmarks.redaction_report import LANGUAGES, OWN
from sferic.languages import CODES

_MODES: tuple[Mode, ...] = ("true", "auto")
_NO_MODE = "any"
_WIDTH = 160
"""Columns of a table that goes into a file."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    languages: tuple[str, ...] = tuple(CODES)
    peers: tuple[str, ...] = ()
    misses: Path | None = None


def measure(plan: Plan, *, command: str) -> Report:
    """Have all phrases and numbers written and hold them against what is right.

    Args:
        plan: What to do.
        command: What the report says was typed.

    Raises:
        BenchmarkError: There is no such tool or language.
    """
    started = time.monotonic()
    machine = this_machine()
    misses: list[str] = []
    full = [language for language in LANGUAGES if language in plan.languages]
    figures = [
        _figures(OWN, language, mode, own(mode), misses) for language in full for mode in _MODES
    ]
    numbers = [each for language in plan.languages for each in _numbers(language, misses)]
    costs = [cost(language) for language in full]
    tools = {name: NORMALISERS[name] for name in plan.peers}
    unavailable: dict[str, str] = {}
    for name, chosen in tools.items():
        try:
            with tool(chosen) as engine:
                figures += [
                    _figures(name, language, _NO_MODE, engine, [])
                    for language in full
                    if language in chosen.languages
                ]
        except PeerError as error:
            unavailable[name] = str(error)
    if plan.misses:
        plan.misses.write_text("\n".join(misses) + "\n", encoding="utf-8")
    verified = {each.language for each in numbers if each.judged}
    pinned = {each.name: each.version for each in tools.values() if each.name not in unavailable}
    return Report(
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(()) | pinned,
        targets=targets(figures, numbers, costs),
        figures=tuple(figures),
        cardinals=tuple(numbers),
        unverified=tuple(code for code in plan.languages if code not in verified),
        costs=tuple(costs),
        unavailable=unavailable,
    )


def _figures(name: str, language: str, mode: str, engine: Engine, misses: list[str]) -> Figures:
    chosen = [each for each in phrases(language) if mode in {*each.modes, _NO_MODE}]
    engine(chosen[0].said, language)  # what is loaded on first use is not measured
    counts: dict[str, list[bool]] = {}
    us, words = 0.0, 0
    for phrase in chosen:
        written = engine(phrase.said, language)
        us += written.us
        words += len(phrase.said.split())
        right = is_right(written.text, phrase)
        counts.setdefault(phrase.kind, []).append(right)
        if not right:
            told = (language, mode, phrase.kind, phrase.said, written.text, phrase.written[0])
            misses.append("\t".join(told))
    return Figures(
        engine=name,
        language=language,
        mode=mode,
        by_kind={
            kind: Count(right=sum(counts[kind]), of=len(counts[kind]))
            for kind in KINDS
            if kind in counts
        },
        us_a_word=round(us / words, 2),
    )


def _numbers(language: str, misses: list[str]) -> list[CardinalFigures]:
    engine = own("true")
    sources = cardinals(language)
    judge = judging(sources)
    found: list[CardinalFigures] = []
    for source in sources:
        right = 0
        for number, words in source.numbers:
            written = engine(words, language).text
            right += is_number(written, number)
            if not is_number(written, number):
                misses.append("\t".join((language, source.source, str(number), words, written)))
        found.append(
            CardinalFigures(
                language=language,
                source=source.source,
                independent=source.independent,
                doubtful=source.doubtful,
                judged=source is judge,
                count=Count(right=right, of=len(source.numbers)),
            )
        )
    return found


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    languages: Annotated[str, typer.Option(help="Codes with commas; all by default.")] = "",
    peers: Annotated[
        str, typer.Option(help=f"{', '.join(NORMALISERS)}, with commas; all; or none.")
    ] = "all",
    by: Annotated[str, typer.Option(help="kind: a further table.")] = "kind",
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    misses: Annotated[
        Path | None,
        typer.Option(help="Write what went wrong here. Who reads it may not write rules any more."),
    ] = None,
) -> None:
    """Write spoken numbers and hold them against what is right.

    Before the first run: `python -m benchmarks.peers install text2num words2num2 damga`.
    """
    notes = Console(stderr=True, highlight=False)
    try:
        plan = Plan(
            languages=tuple(named(_listed(languages), CODES)),
            peers=() if peers == "none" else _tools(peers),
            misses=misses,
        )
        report = measure(plan, command=command_line("benchmarks.numerals", sys.argv[1:]))
    except BenchmarkError as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    numerals_view.show(
        report,
        _listed(by),
        Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH),
    )
    if report.unavailable:
        raise typer.Exit(1)


def _tools(names: str) -> tuple[str, ...]:
    return tuple(named(() if names == "all" else _listed(names), NORMALISERS))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


if __name__ == "__main__":
    app()
