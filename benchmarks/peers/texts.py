"""Tools for text, each in an environment of its own behind a small driver, which is ours."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from benchmarks.peers import drivers
from benchmarks.peers.environment import Environment
from benchmarks.peers.process import PeerProcess

_DRIVERS = Path(drivers.__file__ or "").parent


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """What can be compared."""

    name: str
    package: str
    """As it is pinned."""
    driver: str
    languages: frozenset[str]

    @property
    def environment(self) -> Environment:
        """Where it is installed."""
        return Environment(name=self.name)

    @property
    def version(self) -> str:
        """Which is pinned."""
        return self.environment.version(self.package)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool says of a text."""

    us: float = 0.0
    """Microseconds of CPU time it took."""
    text: str = ""
    spans: tuple[tuple[int, int, str], ...] = ()
    """First character, the one after the last, and the tool's own name for what is there."""
    ready: bool = False


REDACTORS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="presidio",
            package="presidio_analyzer",
            driver="presidio_spans",
            languages=frozenset({"en"}),
        ),
        Tool(
            name="scrubadub",
            package="scrubadub",
            driver="scrubadub_spans",
            languages=frozenset({"en"}),
        ),
    )
}
NORMALISERS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="text2num",
            package="text2num",
            driver="text2num_text",
            languages=frozenset({"en", "de", "fr", "es", "it", "pt", "nl"}),
        ),
        Tool(
            name="words2num2",
            package="words2num2",
            driver="words2num2_text",
            languages=frozenset({"en", "de", "fr", "es", "it", "pt", "nl", "hi"}),
        ),
        Tool(
            name="damga",
            package="damga",
            driver="damga_text",
            languages=frozenset({"en", "de", "fr", "es", "it"}),
        ),
    )
}


class TextPeer:
    """A tool at work; a context manager that ends it.

    Raises:
        PeerError: It is not installed, does not start, or breaks off.
    """

    def __init__(self, tool: Tool) -> None:
        tool.environment.require()
        driver = _DRIVERS / f"{tool.driver}.py"
        self._process = PeerProcess(
            [str(tool.environment.python), str(driver)], threads=1, pipes=True
        )

    def __enter__(self) -> Self:
        try:
            ready = self._answer().ready
        except BaseException:
            self._process.stop()
            raise
        if not ready:
            self._process.stop()
            raise self._process.not_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.stop()

    def ask(self, text: str, language: str) -> Answer:
        """Have it process a text."""
        try:
            self._process.input.write(
                msgspec.json.encode({"text": text, "language": language}) + b"\n"
            )
            self._process.input.flush()
        except OSError as error:
            raise self._process.broken(error) from None
        return self._answer()

    def _answer(self) -> Answer:
        line = self._process.output.readline()
        if not line:
            raise self._process.broken(EOFError())
        return msgspec.json.decode(line, type=Answer)
