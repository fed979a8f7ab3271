"""Checkpoints: tensors are read, and nothing else that a pickle may ask for is done."""

import contextlib
import io
import os
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sferic.models.conversion import UnreadableWeightsError
from sferic.speakers import checkpoint
from sferic.speakers.checkpoint import read_checkpoint


class _Stored:
    """Pickled as PyTorch pickles a storage."""

    def __init__(self, kind: type, key: str) -> None:
        self.kind, self.key = kind, key


class _Tensor:
    """Pickled as PyTorch pickles a tensor."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, _Stored):
            return ("storage", value.kind, value.key, "cpu", 1)
        return None


@pytest.fixture(autouse=True)
def torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What a pickle of PyTorch names, so that one can be written without it."""
    package, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*_: object) -> None:
        raise AssertionError("the reader ran what a pickle named")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    for name in ("FloatStorage", "LongStorage", "HalfStorage"):
        setattr(package, name, type(name, (), {"__module__": "torch", "__qualname__": name}))
    monkeypatch.setitem(sys.modules, "torch", package)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return package


def tensor(kind: type, key: str, size: Any, stride: Any, offset: Any = 0) -> _Tensor:
    return _Tensor(_Stored(kind, key), offset, size, stride, False, OrderedDict())


def write(path: Path, what: object, **storages: bytes) -> Path:
    stream = io.BytesIO()
    _Pickler(stream, protocol=2).dump(what)
    return archive(path, stream.getvalue(), **storages)


def archive(path: Path, pickled: bytes, **storages: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model/data.pkl", pickled)
        for key, data in storages.items():
            file.writestr(f"model/data/{key[1:]}", data)
    return path


def test_tensors_come_out_as_they_went_in(tmp_path: Path, torch: Any) -> None:
    values = np.arange(12, dtype=np.float32)
    file = write(
        tmp_path / "a.pt",
        OrderedDict(
            whole=tensor(torch.FloatStorage, "0", (3, 4), (4, 1)),
            turned=tensor(torch.FloatStorage, "0", (4, 3), (1, 4)),
            part=tensor(torch.FloatStorage, "0", (2,), (4,), offset=1),
            number=tensor(torch.LongStorage, "1", (), ()),
            empty=tensor(torch.FloatStorage, "0", (0, 4), (4, 1)),
        ),
        s0=values.tobytes(),
        s1=np.int64(7).tobytes(),
    )
    found = read_checkpoint(file)
    np.testing.assert_array_equal(found["whole"], values.reshape(3, 4))
    np.testing.assert_array_equal(found["turned"], values.reshape(3, 4).T)
    np.testing.assert_array_equal(found["part"], [1, 5])
    assert found["number"] == 7
    assert found["empty"].shape == (0, 4)


def test_they_may_be_within_an_entry(tmp_path: Path, torch: Any) -> None:
    inner = OrderedDict(x=tensor(torch.FloatStorage, "0", (1,), (1,)))
    file = write(tmp_path / "a.pt", {"state": inner, "epoch": 3}, s0=b"\0\0\x80?")
    assert read_checkpoint(file, within="state")["x"] == [1.0]
    with pytest.raises(UnreadableWeightsError, match="other"):
        read_checkpoint(file, within="other")
    with pytest.raises(UnreadableWeightsError, match="no tensor"):
        read_checkpoint(file)


class Command:
    def __reduce__(self) -> Any:
        return os.system, ("touch owned",)


class Evaluated:
    def __reduce__(self) -> Any:
        return eval, ("open('owned', 'w')",)


class Imported:
    def __reduce__(self) -> Any:
        return __import__, ("antigravity",)


class Stateful(OrderedDict[str, int]):
    """A class of ours, as any other."""


@pytest.mark.parametrize("hostile", [Command(), Evaluated(), Imported(), Stateful(a=1)])
def test_what_a_pickle_names_beside_tensors_is_neither_run_nor_imported(
    tmp_path: Path, hostile: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write(tmp_path / "a.pt", OrderedDict(x=hostile))
    with pytest.raises(UnreadableWeightsError, match=r"a\.pt .*it names .*not allowed"):
        read_checkpoint(file)
    assert not (tmp_path / "owned").exists()
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    "pickled",
    [
        b"cos\nsystem\n(S'touch owned'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
        b"ctorch._utils\n_rebuild_tensor_v2.__globals__\n.",
        b"\x80\x04\x8c\x0ctorch._utils\x8c\x1e_rebuild_tensor_v2.__globals__\x93.",
        b"ctorch\nHalfStorage\n.",
        b"ccollections\nnamedtuple\n.",
        b"\x80\x02\x82\x01.",
        b"\x80\x05\x97.",
        b"(lp0\n0g5\n.",
        b"",
        b"\x80\x02}q",
        b"S'x'\nQ.",
    ],
)
def test_pickles_that_no_checkpoint_has_are_refused(
    tmp_path: Path, pickled: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableWeightsError, match=r"not a checkpoint of tensors alone"):
        read_checkpoint(archive(tmp_path / "a.pt", pickled))
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ((5,), (1,), 0),
        ((4,), (1,), 1),
        ((2, 2), (3, 1), 0),
        ((2,), (-1,), 1),
        ((-1,), (1,), 0),
        ((1,), (1,), -1),
        ((2,), (1, 1), 0),
        ((1 << 40,), (0,), 0),
        ((1 << 62, 1 << 62), (0, 0), 0),
        ((1,) * 9, (1,) * 9, 0),
        ((True,), (1,), 0),
        ((1.0,), (1,), 0),
        ("ab", (1, 1), 0),
        (None, None, 0),
    ],
)
def test_a_tensor_lies_inside_of_its_storage(
    tmp_path: Path, torch: Any, size: Any, stride: Any, offset: Any
) -> None:
    what = OrderedDict(x=tensor(torch.FloatStorage, "0", size, stride, offset))
    with pytest.raises(UnreadableWeightsError):
        read_checkpoint(write(tmp_path / "a.pt", what, s0=bytes(16)))


@pytest.mark.parametrize("limit", ["_LARGEST_PICKLE", "_LARGEST_STORAGE", "_LARGEST_CHECKPOINT"])
def test_what_is_too_big_is_not_read(
    tmp_path: Path, torch: Any, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = OrderedDict(x=tensor(torch.FloatStorage, "0", (4,), (1,)))
    file = write(tmp_path / "a.pt", what, s0=bytes(16))
    monkeypatch.setattr(checkpoint, limit, 10)
    with pytest.raises(UnreadableWeightsError, match="too big"):
        read_checkpoint(file)


def lost(file: Path) -> None:
    file.write_bytes(b"no archive")


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def changed(file: Path) -> None:
    data = bytearray(file.read_bytes())
    at = data.index(bytes(range(16)))
    data[at] ^= 255
    file.write_bytes(data)


@pytest.mark.parametrize("damage", [lost, cut, changed])
def test_a_damaged_file_is_refused(
    tmp_path: Path, torch: Any, damage: Callable[[Path], None]
) -> None:
    what = OrderedDict(x=tensor(torch.FloatStorage, "0", (4,), (1,)))
    file = write(tmp_path / "a.pt", what, s0=bytes(range(16)))
    damage(file)
    with pytest.raises(UnreadableWeightsError, match=r"a\.pt"):
        read_checkpoint(file)


def test_a_storage_that_is_missing_is_told(tmp_path: Path, torch: Any) -> None:
    what = OrderedDict(x=tensor(torch.FloatStorage, "9", (4,), (1,)))
    with pytest.raises(UnreadableWeightsError, match="data/9"):
        read_checkpoint(write(tmp_path / "a.pt", what, s0=bytes(16)))


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_whatever_the_bytes_of_a_pickle_nothing_but_a_refusal_comes_of_them(
    tmp_path_factory: pytest.TempPathFactory, pickled: bytes
) -> None:
    file = archive(tmp_path_factory.mktemp("pickles") / "a.pt", pickled)
    with contextlib.suppress(UnreadableWeightsError):
        assert all(isinstance(value, np.ndarray) for value in read_checkpoint(file).values())
