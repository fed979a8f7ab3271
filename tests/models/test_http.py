import hashlib
import socket
import time
from pathlib import Path

import pytest

from models.fakehub import CONTENTS, PREFIX, Answer, FakeHub, MakeStore, tiny_model
from sferic.errors import ChecksumError, ModelFetchError
from sferic.models import http
from sferic.models.catalogue import HubSource, WebSource
from sferic.models.store import ModelStore

WEIGHTS = CONTENTS["model.bin"]


def part(store: ModelStore, name: str = "model.bin") -> Path:
    path = store.root / ".staging" / "tiny" / "parts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def fetched(store: ModelStore) -> dict[str, bytes]:
    return {name: (store.path("tiny") / name).read_bytes() for name in CONTENTS}


def test_the_files_of_the_revision_are_fetched(hub: FakeHub, make_store: MakeStore) -> None:
    store = make_store()
    store.pull("tiny")
    assert fetched(store) == CONTENTS
    assert store.receipt("tiny").source == "hub someone/tiny"  # type: ignore[union-attr]
    assert not (store.root / ".staging" / "tiny").exists()


def test_a_broken_connection_is_resumed_where_it_broke(hub: FakeHub, make_store: MakeStore) -> None:
    hub.will("model.bin", Answer(dies_after=100_000), Answer(dies_after=100_000))
    store = make_store()
    store.pull("tiny")
    assert fetched(store) == CONTENTS
    ranges = [request.range for request in hub.gets("model.bin")]
    assert ranges == [None, "bytes=100000-", "bytes=200000-"]


def test_what_an_earlier_try_left_is_not_fetched_again(hub: FakeHub, make_store: MakeStore) -> None:
    store = make_store()
    part(store).write_bytes(WEIGHTS[:250_000])
    part(store, "config.json").write_bytes(CONTENTS["config.json"])
    store.pull("tiny")
    assert fetched(store) == CONTENTS
    assert [request.range for request in hub.gets("model.bin")] == ["bytes=250000-"]
    assert hub.gets("config.json") == []


def test_a_server_that_knows_no_ranges_is_read_from_the_start(
    hub: FakeHub, make_store: MakeStore
) -> None:
    hub.will("model.bin", Answer(ignores_range=True))
    store = make_store()
    part(store).write_bytes(b"x" * 250_000)
    store.pull("tiny")
    assert fetched(store) == CONTENTS
    assert len(hub.gets("model.bin")) == 1


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * len(WEIGHTS), b"x" * 400_000])
def test_a_corrupt_part_is_fetched_again_from_the_start(
    hub: FakeHub, make_store: MakeStore, left: bytes
) -> None:
    store = make_store()
    part(store).write_bytes(left)
    store.pull("tiny")
    assert fetched(store) == CONTENTS
    assert hub.gets("model.bin")[-1].range is None


def test_a_file_that_is_wrong_twice_is_a_checksum_error(
    hub: FakeHub, make_store: MakeStore
) -> None:
    hub.files[PREFIX + "model.bin"] = bytes(len(WEIGHTS))
    store = make_store()
    with pytest.raises(ChecksumError, match=r"model\.bin came with SHA-256"):
        store.pull("tiny")
    assert len(hub.gets("model.bin")) == 2
    assert not store.installed("tiny")
    assert not (store.root / "tiny").exists()


def test_a_stalled_transfer_is_broken_off_and_resumed(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_STALLED_AFTER", 0.2)
    hub.will("model.bin", Answer(stalls_after=100_000))
    store = make_store()
    store.pull("tiny")
    assert fetched(store) == CONTENTS
    assert [request.range for request in hub.gets("model.bin")] == [None, "bytes=100000-"]


def test_a_passing_error_is_tried_again(hub: FakeHub, make_store: MakeStore) -> None:
    hub.will("model.bin", Answer(status=503), Answer(status=429))
    store = make_store()
    store.pull("tiny")
    assert fetched(store) == CONTENTS


def test_a_server_that_only_breaks_is_given_up_and_the_part_is_kept(
    hub: FakeHub, make_store: MakeStore
) -> None:
    hub.will("model.bin", Answer(dies_after=1000), *[Answer(dies_after=0)] * 10)
    store = make_store()
    with pytest.raises(ModelFetchError, match=r"hub someone/tiny: 127\.0\.0\.1"):
        store.pull("tiny")
    assert part(store).read_bytes() == WEIGHTS[:1000]
    assert len(hub.gets("model.bin")) == 4


@pytest.mark.parametrize(
    ("status", "words"), [(401, "set HF_TOKEN"), (403, "refuses"), (404, "does not have the file")]
)
def test_a_refusal_is_told_in_plain_words_and_not_repeated(
    hub: FakeHub, make_store: MakeStore, status: int, words: str
) -> None:
    hub.will("config.json", Answer(status=status))
    with pytest.raises(ModelFetchError, match=rf"{words}.*HTTP {status}"):
        make_store().pull("tiny")
    assert len(hub.gets("config.json")) == 1


def test_a_login_page_is_not_taken_for_a_model(hub: FakeHub, make_store: MakeStore) -> None:
    hub.will("model.bin", Answer(body=b"<html>Welcome to the hotel</html>"))
    with pytest.raises(ModelFetchError, match="33 bytes where 300000 are expected"):
        make_store().pull("tiny")


def test_an_endless_answer_is_broken_off(hub: FakeHub, make_store: MakeStore) -> None:
    hub.will("model.bin", Answer(body=bytes(2_000_000), no_length=True))
    store = make_store()
    with pytest.raises(ModelFetchError, match="sends more than the 300000 bytes"):
        store.pull("tiny")
    assert part(store).stat().st_size <= len(WEIGHTS)


def test_a_hub_that_does_not_answer_costs_one_moment_only(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_ANSWER_WITHIN", 0.3)
    store = make_store(tiny_model(), tiny_model(name="other"))
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(ModelFetchError, match="no answer within"):
            store.pull("tiny")
        started = time.monotonic()
        with pytest.raises(ModelFetchError, match="no answer within"):
            store.pull("other")
        assert time.monotonic() - started < 0.2


def test_a_name_that_does_not_resolve_is_told(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setattr(http, "_ANSWER_WITHIN", 10)
    with pytest.raises(ModelFetchError, match=r"the name hub\.invalid is not known here"):
        make_store().pull("tiny")


@pytest.mark.parametrize("endpoint", ["nonsense", "ftp://x", "http://127.0.0.1:1"])
def test_an_endpoint_that_cannot_be_used_is_told(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(ModelFetchError, match=endpoint.removeprefix("http://")[:4]):
        make_store().pull("tiny")


def test_the_hub_is_left_alone_when_it_is_switched_off(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelFetchError, match="HF_HUB_OFFLINE"):
        make_store().pull("tiny")
    assert hub.requests == []


def test_the_token_goes_to_the_hub_and_not_to_where_it_redirects(
    hub: FakeHub, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    elsewhere = hub.url.replace("127.0.0.1", "localhost") + "/storage"
    hub.files["/storage"] = WEIGHTS
    hub.storage[PREFIX + "model.bin"] = (elsewhere, hashlib.sha256(WEIGHTS).hexdigest())
    store = make_store()
    store.pull("tiny")
    assert fetched(store) == CONTENTS
    tokens = {request.path: request.authorization for request in hub.requests}
    assert tokens[PREFIX + "model.bin"] == "Bearer secret"
    assert tokens["/storage"] is None


def test_without_a_pin_the_digest_that_the_hub_announces_counts(
    hub: FakeHub, make_store: MakeStore
) -> None:
    hub.files["/storage"] = WEIGHTS
    hub.storage[PREFIX + "model.bin"] = ("/storage", "ab" * 32)
    with pytest.raises(ChecksumError, match="ab" * 32):
        make_store(tiny_model(pinned=False)).pull("tiny")
    hub.storage[PREFIX + "model.bin"] = ("/storage", hashlib.sha256(WEIGHTS).hexdigest())
    assert make_store(tiny_model(pinned=False)).pull("tiny")


def test_plain_addresses_are_fetched_when_the_hub_fails(
    hub: FakeHub, make_store: MakeStore
) -> None:
    urls = {name: f"{hub.url}/plain/{name}" for name in CONTENTS}
    hub.files |= {f"/plain/{name}": content for name, content in CONTENTS.items()}
    gone = HubSource(repository="someone/gone", revision="0" * 40)
    store = make_store(tiny_model(gone, WebSource(urls=urls)))
    store.pull("tiny")
    assert fetched(store) == CONTENTS
