"""What keeps a peer from being measured.

* `PeerError`
    * `PeerUnknownError`: there is none of that name
    * `PeerNotInstalledError`: its environment is missing, or holds other versions
    * `InstallFailedError`: its environment cannot be made
    * `PeerProcessError`: its process did not come up, or ended by itself
    * `SessionFailedError`: it broke off a session
    * `PeerGivenUpError`: it fails again and again
"""

from collections.abc import Collection, Sequence

from benchmarks.harness.errors import BenchmarkError

_TAIL = 2_000
"""Characters of a log that are shown."""


class PeerError(BenchmarkError):
    """Base of everything that ends the measurement of one peer; the others are measured."""


class PeerUnknownError(PeerError, LookupError):
    """A name is not that of a peer."""

    def __init__(self, unknown: Collection[str], known: Collection[str]) -> None:
        super().__init__(f"there is no {', '.join(unknown)}; there is {', '.join(known)}")


class PeerNotInstalledError(PeerError):
    """The environment of a peer is not there, or not as it should be."""

    def __init__(self, name: str, *, outdated: bool) -> None:
        how = "installed with other versions than are pinned now" if outdated else "not installed"
        super().__init__(f"it is {how}; run: python -m benchmarks.peers install {name}")


class InstallFailedError(PeerError):
    """A step of an installation did not work."""

    def __init__(self, command: Sequence[str], log: str) -> None:
        step = " ".join(command[1:4])
        super().__init__(f"`python {step} ...` failed. The end of what it said:\n{_end(log)}")


class PeerProcessError(PeerError):
    """The process of a peer did not come up, broke its connection or ended by itself."""

    def __init__(self, what: str, exit_code: int | None, log: str) -> None:
        ended = "" if exit_code is None else f" and has ended (exit code {exit_code})"
        super().__init__(f"it {what}{ended}. The end of what it said:\n{_end(log)}")


class SessionFailedError(PeerError):
    """A session ended before its last text."""


class SessionBrokenOffError(SessionFailedError):
    """The peer ended a session without the message that ends sessions."""

    def __init__(self) -> None:
        super().__init__("it ended the session before it had said that nothing follows")


class SessionRefusedError(SessionFailedError):
    """The peer does not take a session."""

    def __init__(self) -> None:
        super().__init__("it does not take the session")


class PeerGivenUpError(PeerError):
    """A peer failed with several recordings in a row."""

    def __init__(self, last: str) -> None:
        super().__init__(f"given up after several failures in a row, the last: {last}")


def _end(log: str) -> str:
    return log[-_TAIL:].strip() or "(nothing)"
