import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.harness.speech import Utterance, pcm
from benchmarks.peers import environment, moonshine
from benchmarks.peers.__main__ import app, installation
from benchmarks.peers.catalogue import ENVIRONMENTS, PEERS
from benchmarks.peers.ear import Ear
from benchmarks.peers.environment import Environment
from benchmarks.peers.errors import (
    InstallFailedError,
    PeerNotInstalledError,
    PeerProcessError,
    PeerUnknownError,
)
from benchmarks.peers.metering import ChildMeter
from benchmarks.peers.moonshine import Moonshine
from benchmarks.peers.peer import Recording, Setup
from benchmarks.peers.process import PeerProcess, free_port
from benchmarks.peers.run import named
from benchmarks.peers.texts import NORMALISERS, REDACTORS
from sferic.audio import SAMPLE_RATE

Commands = list[list[str]]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commands:
    """What an installation runs; it is not really run."""
    ran: Commands = []

    def run(command: list[str]) -> None:
        ran.append(command)
        (tmp_path / "peers" / "some").mkdir(parents=True, exist_ok=True)

    monkeypatch.setenv("SFERIC_PEERS", str(tmp_path / "peers"))
    monkeypatch.setattr(environment, "_run", run)
    monkeypatch.setattr(environment, "_LOCKS", tmp_path)
    (tmp_path / "some.txt").write_text("some-peer==1.2\nother==3\n")
    return ran


def test_an_installation_takes_what_is_pinned_and_nothing_else(commands: Commands) -> None:
    Environment(name="some", alone=("bare==4",)).install()
    venv, pinned, alone = commands
    assert venv[:3] == [sys.executable, "-m", "venv"]
    assert pinned[0].startswith(venv[3])
    assert pinned[-2:] == ["--requirement", str(environment._LOCKS / "some.txt")]
    assert alone[-2:] == ["--no-deps", "bare==4"]


@pytest.mark.usefixtures("commands")
def test_what_is_not_installed_or_pinned_otherwise_since_is_said(tmp_path: Path) -> None:
    some = Environment(name="some")
    with pytest.raises(PeerNotInstalledError, match=r"not installed; run: .* install some"):
        some.require()
    some.install()
    some.require()
    (tmp_path / "some.txt").write_text("some-peer==1.3\n")
    with pytest.raises(PeerNotInstalledError, match="other versions"):
        some.require()


@pytest.mark.usefixtures("commands")
def test_the_version_is_the_pinned_one() -> None:
    some = Environment(name="some", alone=("bare==4",))
    assert (some.version("some-peer"), some.version("bare")) == ("1.2", "4")


def test_an_installation_that_fails_says_why() -> None:
    script = "import sys; sys.exit('no such package')"
    with pytest.raises(InstallFailedError, match="no such package"):
        environment._run([sys.executable, "-c", script])


def test_every_environment_has_pins_and_belongs_to_a_peer() -> None:
    for name, each in ENVIRONMENTS.items():
        assert name in {*PEERS, *REDACTORS, *NORMALISERS}
        lines = (environment._LOCKS / f"{name}.txt").read_text().splitlines()
        assert lines
        assert all("==" in line for line in [*lines, *each.alone])


def test_peers_are_taken_in_the_order_of_the_catalogue() -> None:
    assert list(named(("moonshine", "sferic"), PEERS)) == ["sferic", "moonshine"]
    assert list(named((), PEERS)) == list(PEERS)
    with pytest.raises(PeerUnknownError, match="there is no vosk; there is sferic"):
        named(("vosk",), PEERS)


def test_the_commands_say_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFERIC_SPEECH", raising=False)
    for command, arguments, said in (
        (app, [], "SFERIC_SPEECH is not set"),
        (app, ["--peers", "vosk"], "there is no vosk"),
        (installation, ["vosk"], "there is no vosk"),
    ):
        ended = CliRunner().invoke(command, arguments)
        assert ended.exit_code == 1
        assert said in ended.stderr


async def test_a_server_that_does_not_come_up_says_why() -> None:
    script = "import sys; sys.exit('no weights there')"
    with pytest.raises(
        PeerProcessError, match=r"did not come up and has ended \(exit code 1"
    ) as failed:
        await PeerProcess.listening([sys.executable, "-c", script], port=free_port(), threads=0)
    assert "no weights there" in str(failed.value)


async def test_a_process_runs_on_the_processor_with_the_threads_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SFERIC_SOMETHING", "1")
    script = "import os, json; print(json.dumps(dict(os.environ)))"
    process = PeerProcess([sys.executable, "-c", script], threads=3, pipes=True)
    said = process.output.read().decode()
    process.stop()
    assert '"OMP_NUM_THREADS": "3"' in said
    assert '"CUDA_VISIBLE_DEVICES": ""' in said
    assert "SFERIC_SOMETHING" not in said


async def test_moonshine_shows_what_is_said_in_a_recording_and_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    voice = pytest.importorskip("moonshine_voice")
    monkeypatch.setattr(Environment, "python", Path(sys.executable))
    clip = Path(voice.__file__).with_name("assets") / "two_cities.wav"
    audio = pcm(clip, SAMPLE_RATE)[: 3 * 2 * SAMPLE_RATE]
    row = Utterance(audio="a", lang="en", text="", duration=3.0, sample_rate=SAMPLE_RATE)
    peer = Moonshine(Setup(model="whisper-base", weights=tmp_path))
    ear = Ear(audio, ChildMeter())
    await peer.start()
    try:
        await peer.stream(Recording(row=row, audio=audio), ear)
    finally:
        await peer.stop()
    heard = ear.heard()
    assert "It was the best" in heard.text
    assert heard.done_s is not None
    assert heard.done_s > 2.9
    assert heard.cpu_s > 0
    assert moonshine._DRIVER.is_file()
