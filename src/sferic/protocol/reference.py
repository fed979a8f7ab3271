"""The page docs/options.md, written from the table of options.

python -m sferic.protocol.reference > docs/options.md
"""

from collections.abc import Iterable
from typing import get_args

from sferic import languages
from sferic.protocol.dialects import DIALECTS, RECORDED_DIALECTS, Dialect
from sferic.protocol.options import TABLE, Group, OptionSpec
from sferic.protocol.values import Keywords, Language

_INTRODUCTION = """\
# Options of a stream

<!-- Written by `python -m sferic.protocol.reference`; change src/sferic/protocol/options.py. -->

Every option is a parameter of the WebSocket's query (`?language=de&vad_events=true`), a field of
`sferic.Options` and a flag of `sferic transcribe` (`--vad-events`).

* Names that a path does not have are ignored; those it has need an allowed value. All that is
  wrong is listed at once, in the 400 answer or in `OptionsError.problems`.
* Truth is written `true` or `false` in any case, or `1` or `0`. Numbers are plain digits: no sign,
  no exponent, no leading zero, no space.
* A parameter may come twice only if both say the same. Where a name and its alias come, the name
  wins.
* An empty value unsets an option that is unset by default; for any other it is an error.
* An option marked *not yet* takes only its default: everything else is refused, never ignored.
"""

TITLES: dict[Group, str] = {
    "audio": "Audio",
    "language": "Language",
    "output": "What is sent",
    "text": "What the text looks like",
    "segments": "Where a segment ends",
    "delivery": "Names and delivery",
}
"""What the groups of options are called."""

_FOOTNOTES: dict[Group, str] = {
    "text": "\n[What the text looks like](text.md) says how each works, with examples.\n",
}


def page() -> str:
    """Return the page as Markdown."""
    sections = [_section(group) for group in get_args(Group)]
    return "\n".join((_INTRODUCTION, _paths(), *sections, _keywords(), _languages()))


def _paths() -> str:
    table = _table(
        ("", "path", "`finalize`", "finals", "`speech_ended`", "required"),
        [
            (
                dialect.name,
                "<br>".join(f"`{path}`" for path in dialect.paths),
                "ends the session" if dialect.finalize_ends else "ends a turn; the session goes on",
                _finals(dialect),
                "at the end of a segment, after its final"
                if dialect.tells_turns
                else "at any pause, at once",
                ", ".join(f"`{spec.name}`" for spec in TABLE if spec.name in dialect.required)
                or "nothing",
            )
            for dialect in DIALECTS
        ],
    )
    return (
        "## Paths\n\n"
        "Live sessions are served on three paths, which differ in what is here and in the defaults "
        "that name them. `close_stream` ends a session on all of them.\n\n" + table
    )


def _finals(dialect: Dialect) -> str:
    parts = []
    if dialect.tells_finalize:
        parts.append("have `from_finalize`")
    if dialect.final_ending:
        parts.append("end with a space")
    return " and ".join(parts) or "as they are"


def _section(group: Group) -> str:
    rows = [_row(spec) for spec in TABLE if spec.group == group]
    table = _table(("parameter", "default", "allowed", "meaning"), rows)
    return f"## {TITLES[group]}\n\n{table}{_FOOTNOTES.get(group, '')}"


def _row(spec: OptionSpec) -> tuple[str, ...]:
    names = " or ".join(f"`{name}`" for name in (spec.name, *spec.aliases))
    allowed = spec.kind.allowed
    if isinstance(spec.kind, Language):
        allowed = "a code or aggregate of [the list](#languages)"
    if isinstance(spec.kind, Keywords):
        allowed = "[`WORD[:BOOST],…`](#keywords)"
    return (
        _named(spec, names),
        _defaults(spec),
        allowed,
        spec.doc,
    )


def _named(spec: OptionSpec, names: str) -> str:
    if not spec.available:
        return f"{names} *not yet*"
    recorded_only = spec.only and not spec.only & {dialect.name for dialect in DIALECTS}
    return f"{names} *recordings*" if recorded_only else names


def _defaults(spec: OptionSpec) -> str:
    """The default of the table, and those of paths that have another."""
    said = [_shown(spec, spec.default)]
    if "live" in spec.only:
        said = []
    for dialect in (*DIALECTS, *RECORDED_DIALECTS):
        if spec.name in dialect.required:
            said.append(f"required on {dialect.name}")
        elif spec.name in dialect.defaults:
            said.append(f"{dialect.name} {_shown(spec, dialect.defaults[spec.name])}")
    return ", ".join(said)


def _shown(spec: OptionSpec, value: object) -> str:
    written = spec.write(value)
    return f"`{written}`" if written else "unset"


def _keywords() -> str:
    kind = Keywords()
    return (
        "## Keywords\n\n"
        f"A list with commas of up to {kind.most} words or phrases, each of up to {kind.longest} "
        "characters: `Sferic,Waves Lightning:3,Ångström:1.5`. After the last colon comes a boost "
        f"from 0 to {kind.strongest:g}; without one it is 1, and with 0 the entry does nothing. It "
        "is written with the capitals it is given. Finals have it where something sounds like it "
        "and the model holds it for nearly as likely; partials are as they would be without. "
        "1 to 3 are for everyday use: the higher, the sooner it is taken for something else.\n"
    )


def _languages() -> str:
    names = [(f"`{code}`", name) for code, name in languages.CODES.items()]
    aggregates = [
        (f"`{name}`", " ".join(members)) for name, members in languages.AGGREGATES.items()
    ]
    return (
        "## Languages\n\n"
        "Capitals do not count, and a regional form stands for its language: `en-US`, `pt_BR`. "
        "Which of them are served depends on the model.\n\n"
        + _table(("code", "language"), names)
        + "\nOf an aggregate, one language is detected in each segment:\n\n"
        + _table(("aggregate", "languages"), aggregates)
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    print(page(), end="")
