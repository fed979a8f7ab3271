"""How much of what is private is masked, and how much that is not: conversations with marks.

`python -m benchmarks.redaction --help`; docs/benchmarks.md says what the figures mean.
"""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from benchmarks import redaction_view
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.peers.errors import PeerError
from benchmarks.peers.run import named
from benchmarks.peers.texts import REDACTORS
from benchmarks.redaction_engines import Engine, own, tool
from benchmarks.redaction_report import LANGUAGES, OWN, Figures, Form, Report, targets
from benchmarks.redaction_scoring import Mask, Tally, added, early, score
from benchmarks.redaction_sets import Chosen, Session, lowered, read

_FORMS: tuple[Form, ...] = ("written", "lower")
_WIDTH = 120
"""Columns of a table that goes into a file."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    languages: tuple[str, ...] = LANGUAGES
    peers: tuple[str, ...] = ()
    chosen: Chosen = "first"
    misses: Path | None = None


def measure(plan: Plan, *, command: str) -> Report:
    """Have every set redacted in both forms and score it.

    Args:
        plan: What to do.
        command: What the report says was typed.

    Raises:
        BenchmarkError: There is no such tool or language.
    """
    started = time.monotonic()
    machine = this_machine()
    sets = [
        (_set(language, form, plan.chosen), language, form)
        for language in plan.languages
        for form in _FORMS
    ]
    misses: list[str] = []
    figures = [_figures(OWN, own, each, misses) for each in sets]
    unavailable: dict[str, str] = {}
    tools = {name: REDACTORS[name] for name in plan.peers}
    for name, chosen_tool in tools.items():
        try:
            with tool(chosen_tool) as engine:
                figures += [
                    _figures(name, engine, each, [])
                    for each in sets
                    if each[1] in chosen_tool.languages
                ]
        except PeerError as error:
            unavailable[name] = str(error)
    if plan.misses:
        plan.misses.write_text("\n".join(misses) + "\n", encoding="utf-8")
    pinned = {each.name: each.version for each in tools.values() if each.name not in unavailable}
    return Report(
        date=now(),
        command=command,
        chosen=plan.chosen,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(()) | pinned,
        targets=targets(figures),
        figures=tuple(figures),
        unavailable=unavailable,
    )


def _set(language: str, form: Form, chosen: Chosen) -> list[Session]:
    written = read(language, chosen)
    return written if form == "written" else [lowered(session) for session in written]


def _figures(
    name: str, engine: Engine, given: tuple[list[Session], str, Form], misses: list[str]
) -> Figures:
    chosen, language, form = given
    by_type: dict[str, list[Tally]] = {}
    by_section: dict[str, list[Tally]] = {}
    us, alarms, harmless, shown = 0.0, 0, 0, 0
    engine(chosen[0], language)  # what is loaded on first use is not measured
    for session in chosen:
        redaction = engine(session, language)
        us += redaction.us
        tallies = score(session, redaction.masks)
        for label, tally in tallies.items():
            by_type.setdefault(label, []).append(tally)
        total = added(tallies.values())
        by_section.setdefault(session.section, []).append(total)
        shown += early(session, redaction.masks, redaction.shown)
        false, quiet = _alarms(session, redaction.masks)
        alarms, harmless = alarms + false, harmless + quiet
        if total.found < total.gold or total.right < total.masks:
            misses.append(f"{language} {form} {_told(session, redaction.masks)}")
    words = sum(len(session.tokens) for session in chosen)
    return Figures(
        engine=name,
        language=language,
        form=form,
        words=words,
        us_a_word=round(us / words, 2),
        alarms=alarms,
        harmless=harmless,
        early=shown,
        by_type={label: added(tallies) for label, tallies in by_type.items()},
        by_section={section: added(tallies) for section, tallies in by_section.items()},
    )


def _alarms(session: Session, masks: Iterable[Mask]) -> tuple[int, int]:
    """Turns without anything private: those with a mask, and all."""
    masked = {place for mask in masks for place in range(mask.first, mask.last + 1)}
    place, alarms, harmless = 0, 0, 0
    for turn in session.turns:
        places = range(place, place + len(turn))
        place += len(turn)
        if all(token.span is None for token in turn):
            harmless += 1
            alarms += not masked.isdisjoint(places)
    return alarms, harmless


def _told(session: Session, masks: Iterable[Mask]) -> str:
    """The session with what was private and what was masked."""
    under = {
        place: "/".join(mask.types) or "..."
        for mask in masks
        for place in range(mask.first, mask.last + 1)
    }
    said = []
    for place, token in enumerate(session.tokens):
        private = "" if token.span is None else "/".join(session.spans[token.span])
        masked = under.get(place, "")
        marks = f"<{private}>[{masked}]" if private or masked else ""
        said.append(token.text + marks)
    return " ".join(said)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    languages: Annotated[str, typer.Option(help="Codes with commas; all sets by default.")] = "",
    peers: Annotated[
        str, typer.Option(help=f"{', '.join(REDACTORS)}, with commas; all; or none.")
    ] = "all",
    by: Annotated[str, typer.Option(help="type, section: further tables, with commas.")] = "type",
    chosen: Annotated[
        Chosen,
        typer.Option("--set", help="The second and third: unseen when the rules were written."),
    ] = "first",
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    misses: Annotated[
        Path | None,
        typer.Option(help="Write what went wrong here. Who reads it may not write rules any more."),
    ] = None,
) -> None:
    """Redact marked conversations, with case and punctuation and without, and count.

    The other tools know English only. Before the first run:
    `python -m benchmarks.peers install presidio scrubadub`.
    """
    notes = Console(stderr=True, highlight=False)
    try:
        plan = Plan(
            languages=tuple(named(_listed(languages), {code: code for code in LANGUAGES})),
            peers=() if peers == "none" else _tools(peers),
            chosen=chosen,
            misses=misses,
        )
        report = measure(plan, command=command_line("benchmarks.redaction", sys.argv[1:]))
    except BenchmarkError as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    redaction_view.show(
        report,
        _listed(by),
        Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH),
    )
    if report.unavailable:
        raise typer.Exit(1)


def _tools(names: str) -> tuple[str, ...]:
    return tuple(named(() if names == "all" else _listed(names), REDACTORS))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


if __name__ == "__main__":
    app()
