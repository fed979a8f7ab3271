from collections.abc import Iterator

import pytest

from acceptance.serving import KEY, ServerProcess
from sferic import Recognizer


@pytest.fixture(scope="session")
def recognizer() -> Iterator[Recognizer]:
    """The default model, loaded once for all tests here."""
    with Recognizer.load() as recognizer:
        yield recognizer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A real server; at the end it stops in order, and has told its log no secret."""
    process = ServerProcess(tmp_path_factory.mktemp("server"))
    with process:
        yield process
    assert process.code == 0, "".join(process.output)
    log = "".join(process.output)
    for secret in (KEY, "sferic-token.", "quick brown", "best of times", "Traceback"):
        assert secret not in log
