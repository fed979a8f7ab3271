"""The table of error rates by language, from reports of `benchmarks.accuracy`.

`python -m benchmarks.languages REPORT.json...` writes `src/sferic/models/quality.toml`;
`--markdown` prints the table of docs/languages.md from that file.
"""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from benchmarks.accuracy_groups import Group
from benchmarks.accuracy_report import Report
from sferic.languages import CODES
from sferic.models import quality
from sferic.models.quality import FEW_MINUTES, Quality, qualities

FILE = Path(quality.__file__).with_name("quality.toml")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    reports: Annotated[list[Path] | None, typer.Argument(help="JSON of accuracy runs.")] = None,
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table.")] = False,
) -> None:
    """Bring the figures of accuracy runs together; a later report goes before an earlier one."""
    if reports:
        FILE.write_text(written([_read(file) for file in reports]), encoding="utf-8")
        qualities.cache_clear()
    if markdown or not reports:
        typer.echo(table(), nl=False)


def written(reports: list[Report]) -> str:
    """The table as TOML."""
    rows: dict[tuple[str, str], Quality] = {}
    for report in reports:
        for group in report.by_language:
            if group.offline is not None:
                rows[report.conditions.model, group.name] = _quality(group, report.date[:10])
    lines = ["# Written by `python -m benchmarks.languages`; see docs/languages.md."]
    for (model, language), row in sorted(rows.items()):
        lines += ["", f'["{model}".{language}]']
        lines += [
            f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
            for name, value in msgspec.structs.asdict(row).items()
        ]
    return "\n".join(lines) + "\n"


def table() -> str:
    """The table in Markdown, as it stands in docs/languages.md."""
    lines = [
        "| model | language | recordings | minutes | WER % | offline | CER % | offline | date |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (model, code), row in sorted(qualities().items()):
        mark = "*" if row.small else ""
        lines.append(
            f"| {model} | {CODES[code]} (`{code}`){mark} | {row.utterances} | {row.minutes:.1f} "
            f"| {row.wer:.1f} | {row.offline_wer:.1f} | {row.cer:.1f} | {row.offline_cer:.1f} "
            f"| {row.date} |"
        )
    return "\n".join([*lines, "", f"\\* less than {FEW_MINUTES:g} minutes of speech", ""])


def _quality(group: Group, date: str) -> Quality:
    assert group.offline is not None  # for the type checker
    return Quality(
        wer=group.streaming.wer,
        cer=group.streaming.cer,
        offline_wer=group.offline.wer,
        offline_cer=group.offline.cer,
        utterances=group.utterances,
        minutes=group.minutes,
        date=date,
    )


def _read(file: Path) -> Report:
    return msgspec.json.decode(file.read_bytes(), type=Report)


if __name__ == "__main__":
    app()
