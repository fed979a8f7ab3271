"""What options the sessions of a token may have."""

from collections.abc import Mapping

import msgspec

from sferic.errors import OptionsError, Problem
from sferic.protocol.dialects import Dialect
from sferic.protocol.options import TABLE, Options, OptionSpec, rows
from sferic.protocol.values import shown
from sferic.server.refusal import Refusal

MOST_VALUES = 64
"""Values that a token may list for one option."""

_BY_NAME = {name: spec for spec in TABLE for name in (spec.name, *spec.aliases)}


class Allowance(msgspec.Struct, frozen=True):
    """The options that are allowed, and their values.

    An option that is not named keeps its default, but for those that say how the audio is encoded:
    these are free unless they are named. The first value of an option is what a session has that
    does not ask for another.
    """

    values: Mapping[str, tuple[str, ...] | None]
    """By name of the option, as a query says them; None is any value."""

    @classmethod
    def of(cls, given: Mapping[str, object]) -> "Allowance":
        """Read what somebody wants to allow.

        Args:
            given: By name or alias of an option: one value, a list of values, or None for any.
                Booleans and numbers may be written as such.

        Raises:
            OptionsError: names are unknown or values not allowed; it lists them all.
        """
        values: dict[str, tuple[str, ...] | None] = {}
        problems: list[Problem] = []
        for name, wanted in given.items():
            spec = _BY_NAME.get(name)
            if spec is None:
                problems.append(_unknown(name))
            elif wanted is None:
                values[spec.name] = None
            else:
                listed = wanted if isinstance(wanted, list) else [wanted]
                values[spec.name], wrong = _values(spec, name, listed)
                problems += wrong
        if problems:
            raise OptionsError(problems)
        return cls(values)

    def applied(self, dialect: Dialect) -> Dialect:
        """Return the dialect with the defaults that a session has under this allowance."""
        firsts = {
            name: _BY_NAME[name].parse(values[0]) for name, values in self.values.items() if values
        }
        return msgspec.structs.replace(
            dialect,
            defaults={**dialect.defaults, **firsts},
            required=dialect.required - firsts.keys(),
        )

    def check(self, options: Options, dialect: Dialect) -> None:
        """Let a session have these options, or not.

        Args:
            options: What it asks for.
            dialect: Of its path, without the allowance.

        Raises:
            Refusal: 403, one or more are not allowed; it lists them all.
        """
        problems = []
        for spec in rows(dialect):
            value = spec.write(getattr(options, spec.name))
            allowed = self._allowed(spec, dialect)
            if allowed is not None and value not in allowed:
                phrase = " or ".join(one or "left out" for one in allowed)
                message = (
                    f"{spec.name}={shown(value)} is not allowed with this token: "
                    f"it must be {phrase}"
                )
                problems.append(
                    Problem(
                        parameter=spec.name, value=shown(value), allowed=phrase, message=message
                    )
                )
        if problems:
            told = "; ".join(problem.message for problem in problems)
            raise Refusal(403, "option_not_allowed", told, problems=problems)

    def _allowed(self, spec: OptionSpec, dialect: Dialect) -> tuple[str, ...] | None:
        if spec.name in self.values:
            return self.values[spec.name]
        if spec.group == "audio":
            return None
        return (spec.write(dialect.default(spec.name, spec.default)),)


def _values(
    spec: OptionSpec, name: str, wanted: list[object]
) -> tuple[tuple[str, ...], list[Problem]]:
    if not 1 <= len(wanted) <= MOST_VALUES:
        return (), [_wrong(spec, name, f"{len(wanted)} values", f"1 to {MOST_VALUES} values")]
    values, problems = [], []
    for value in wanted:
        text = _text(value)
        if text is None:
            problems.append(_wrong(spec, name, str(value), spec.allowed))
            continue
        try:
            values.append(spec.write(spec.parse(text)))
        except ValueError as error:
            problems.append(_wrong(spec, name, text, spec.allowed, str(error)))
    return tuple(dict.fromkeys(values)), problems


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _wrong(spec: OptionSpec, name: str, value: str, allowed: str, reason: str = "") -> Problem:
    told = reason or f"it must be {allowed}"
    return Problem(
        parameter=name,
        value=shown(value),
        allowed=allowed,
        message=f"{spec.name}={shown(value)} is not allowed: {told}",
    )


def _unknown(name: str) -> Problem:
    return Problem(
        parameter=shown(name),
        value="",
        allowed="a name of docs/options.md",
        message=f"there is no option {shown(name)!r}",
    )
