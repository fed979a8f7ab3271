"""What an error means to the shell, and how it is told to people."""

from sferic.errors import (
    InvalidUrlError,
    MalformedKeyError,
    NotServedError,
    OptionsError,
    RefusedError,
    SettingsError,
    SfericError,
    UnknownModelError,
    UnreachableError,
)

FAILED, MISUSE, NO_KEY, NO_SERVER, INTERRUPTED = 1, 2, 3, 4, 130

_MISUSE = (InvalidUrlError, NotServedError, OptionsError, SettingsError, UnknownModelError)
"""Errors in what the user typed or configured."""

_BY_STATUS = {400: MISUSE, 401: NO_KEY, 403: NO_KEY, 429: NO_SERVER, 503: NO_SERVER}


_KEY_HINT = "Give the key with --key, or in SFERIC_KEY"


def exit_code(error: SfericError) -> int:
    """Return 2 for wrong use, 3 for a wrong key, 4 if no server can be had, 1 for the rest."""
    if isinstance(error, _MISUSE):
        return MISUSE
    if isinstance(error, MalformedKeyError):
        return NO_KEY
    if isinstance(error, UnreachableError):
        return NO_SERVER
    if isinstance(error, RefusedError):
        return _BY_STATUS.get(error.status, FAILED)
    return FAILED


def explain(error: SfericError) -> str:
    """Return the text of an error, a line for each of several problems."""
    problems = getattr(error, "problems", ())
    if len(problems) < 2:
        hint = isinstance(error, RefusedError) and error.status == 401
        return f"{error}. {_KEY_HINT}" if hint else str(error)
    told = [problem.message for problem in problems]
    begin = f"{len(problems)} values are not allowed"
    if isinstance(error, RefusedError):
        begin = f"the server refuses the session ({error.status} {error.code})"
    return f"{begin}:\n" + "\n".join(f"  - {text}" for text in told)
