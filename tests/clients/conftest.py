from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from acceptance.serving import KEY, ServerProcess
from clients.relay import Relay


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A real server for all clients; at the end it stops in order, and has logged no secret."""
    process = ServerProcess(tmp_path_factory.mktemp("server"))
    with process:
        yield process
    log = "".join(process.output)
    assert process.code == 0, log
    for secret in (KEY, "quick brown", "best of times", "Traceback"):
        assert secret not in log


@pytest.fixture
def address(server: ServerProcess) -> str:
    """Host and port of the server."""
    return server.url.removeprefix("ws://").partition("/")[0]


@pytest_asyncio.fixture
async def relay(address: str) -> AsyncIterator[Relay]:
    """A network on the way to the server, which can be cut."""
    async with Relay(address) as relay:
        yield relay
