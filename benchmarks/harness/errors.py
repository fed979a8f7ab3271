"""What keeps a benchmark from measuring."""

from collections.abc import Collection
from pathlib import Path


class BenchmarkError(Exception):
    """Base of everything that ends a benchmark with one line for the user."""


class SpeechMissingError(BenchmarkError, FileNotFoundError):
    """The recordings are not where SFERIC_SPEECH says, or it says nothing."""

    def __init__(self, folder: Path | None) -> None:
        where = (
            "SFERIC_SPEECH is not set" if folder is None else f"SFERIC_SPEECH={folder} holds none"
        )
        super().__init__(
            f"there is no speech to measure with: {where}. Set it to a folder that contains "
            "asr/manifest.jsonl; docs/benchmarks.md says what is in one"
        )


class ManifestError(BenchmarkError, ValueError):
    """A line of a manifest is not what it should be."""

    def __init__(self, manifest: Path, line: int, reason: str) -> None:
        super().__init__(f"{manifest}, line {line}: {reason}")


class UnknownFilterError(BenchmarkError, LookupError):
    """A filter names what the manifest does not have."""

    def __init__(self, what: str, unknown: Collection[str], known: Collection[str]) -> None:
        super().__init__(
            f"the manifest has no {what} {', '.join(unknown)}; it has {', '.join(sorted(known))}"
        )


class NothingSelectedError(BenchmarkError, ValueError):
    """The filters leave no utterance."""

    def __init__(self, *, matching: int, synthetic: int, longer: int, unserved: int) -> None:
        super().__init__(
            f"no utterance is left: {matching} have the languages and sources that were asked for, "
            f"of which {synthetic} are synthetic, {longer} are too long and {unserved} are in a "
            "language that the model does not know"
        )


class ServerFailedError(BenchmarkError):
    """The server under test ended by itself, or did not become ready."""

    def __init__(self, exit_code: int | None, log: str) -> None:
        what = "is not ready" if exit_code is None else f"ended by itself (exit code {exit_code})"
        super().__init__(f"the server {what}. The end of what it said:\n{log or '(nothing)'}")


class OfflineFailedError(BenchmarkError):
    """The process that transcribes offline ended by itself."""

    def __init__(self, recording: Path, exit_code: int) -> None:
        super().__init__(
            f"offline recognition ended by itself on {recording.name} (exit code {exit_code}); "
            "what it said is above"
        )
