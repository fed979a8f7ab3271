"""Flags from tables: every option of a stream is one, and every setting that is no secret."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any

import typer

from sferic.config import TABLE as SETTINGS
from sferic.config import SettingSpec
from sferic.protocol.options import TABLE, Options, OptionSpec, parse_options
from sferic.protocol.values import Choice, Flag, Fraction, Keywords, Language, Switch, Whole

OPTIONS = tuple(spec for spec in TABLE if not spec.only)
"""The options that are not a matter of one path."""

_PREFIX = "option_"
_PANELS = {
    "audio": "Raw audio",
    "language": "Language",
    "output": "What messages hold",
    "text": "Text",
    "segments": "Segments",
    "delivery": "Delivery",
}


def option_flags(
    *, only: Collection[str] | None = None, taken: Collection[str] = ()
) -> list[inspect.Parameter]:
    """Return the parameters of a command for every option in the table.

    A yes-or-no option is `--name` and `--no-name`; the others take their value as a query does.

    Args:
        only: Names of options, if not all of them are meant.
        taken: Flags that mean something else to the command; of such an option only `--no-name` is
            left.
    """
    return [_parameter(spec, taken) for spec in OPTIONS if only is None or spec.name in only]


def setting_flags(group: str | None = None, *, panel: str = "") -> list[inspect.Parameter]:
    """Return the parameters of a command for settings, named as they are.

    Args:
        group: Only those of this group.
        panel: What they stand under in the help; unset, each under the name of its group.
    """
    return [
        _setting(spec, panel or spec.group.capitalize())
        for spec in SETTINGS
        if spec.flag and group in {None, spec.group}
    ]


def options_from(flags: Mapping[str, str | bool | None]) -> Options:
    """Read the options from what the command got for those parameters.

    Raises:
        OptionsError: One or more values are not allowed; it lists them all.
    """
    return parse_options(query_from(flags))


def query_from(flags: Mapping[str, str | bool | None]) -> list[tuple[str, str]]:
    """Return what was given, as the pairs of a query."""
    given = ((spec, flags.get(_PREFIX + spec.name)) for spec in OPTIONS)
    return [
        (spec.name, value if isinstance(value, str) else spec.write(value))
        for spec, value in given
        if value is not None
    ]


def with_parameters(
    parameters: Sequence[inspect.Parameter],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Have typer see these parameters in the place of a function's `**kwargs`."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(function).parameters.values()
        named = [one for one in own if one.kind is not inspect.Parameter.VAR_KEYWORD]
        every = [*named, *parameters]
        described: Any = function
        described.__signature__ = inspect.Signature(every)
        described.__annotations__ = {one.name: one.annotation for one in every}
        return function

    return decorate


def _parameter(spec: OptionSpec, taken: Collection[str]) -> inspect.Parameter:
    name, no = spec.flag, f"--no-{spec.flag.removeprefix('--')}"
    help_text = spec.doc.replace("`false`:", f"{no}:").replace("`", "")
    if not spec.available:
        help_text += " Not available yet."
    annotation: Any
    if isinstance(spec.kind, Flag):
        both = name if name.startswith("--no-") else f"{name}/{no}"
        option = typer.Option(
            f" /{no}" if name in taken else both,
            help=help_text + ("" if spec.default is None else f" Default: {_yes(spec.default)}."),
            show_default=False,
            rich_help_panel=_PANELS[spec.group],
        )
        annotation = Annotated[bool | None, option]
    else:
        default = spec.write(spec.default)
        option = typer.Option(
            name,
            metavar=_metavar(spec),
            help=help_text + (f" Default: {default}." if default else ""),
            show_default=False,
            rich_help_panel=_PANELS[spec.group],
        )
        annotation = Annotated[str | None, option]
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(_PREFIX + spec.name, kind, default=None, annotation=annotation)


def _setting(spec: SettingSpec, panel: str) -> inspect.Parameter:
    default = spec.show(spec.default)
    option = typer.Option(
        str(spec.flag),
        metavar=_setting_metavar(spec),
        help=spec.doc.replace("`", "") + (f" Default: {default}." if default else ""),
        show_default=False,
        rich_help_panel=panel,
    )
    kind = inspect.Parameter.KEYWORD_ONLY
    annotation: Any = list[str] if spec.allowed.startswith("a list") else str
    return inspect.Parameter(
        spec.name, kind, default=None, annotation=Annotated[annotation | None, option]
    )


def _setting_metavar(spec: SettingSpec) -> str:
    if spec.allowed.startswith("one of "):
        return "[" + spec.allowed.removeprefix("one of ").replace(", ", "|") + "]"
    if spec.allowed.startswith("a list"):
        return "TEXT,…"
    return "NUMBER" if "number" in spec.allowed else "TEXT"


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _metavar(spec: OptionSpec) -> str:
    match spec.kind:
        case Choice(values=values):
            return "[" + "|".join(map(str, values)) + "]"
        case Switch(third=third):
            return f"[true|false|{third}]"
        case Whole() | Fraction():
            return "NUMBER"
        case Language():
            return "CODE"
        case Keywords():
            return "WORD:BOOST,…"
        case _:
            return "TEXT"
