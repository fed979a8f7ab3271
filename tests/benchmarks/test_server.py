from pathlib import Path

import pytest

from benchmarks.harness.errors import ServerFailedError
from benchmarks.harness.server import ServerProcess


def test_a_server_that_does_not_start_shows_what_it_said(tmp_path: Path) -> None:
    server = ServerProcess(model=str(tmp_path / "no-such-model"))
    with pytest.raises(ServerFailedError, match="no-such-model"), server:
        pass
    assert not server.running


def test_settings_of_the_environment_do_not_reach_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SFERIC_PORT", "not a port")
    server = ServerProcess(model=str(tmp_path / "no-such-model"))
    with pytest.raises(ServerFailedError) as failed, server:
        pass
    assert "not a port" not in str(failed.value)
