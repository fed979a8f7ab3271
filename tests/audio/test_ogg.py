import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.material import cut, cut_at, ogg, pages_of, speech, written
from sferic.audio.ogg import PacketAssembler, Page, PageReader, checksum
from sferic.errors import UndecodableAudioError

STREAM = ogg(speech(48_000))
PAGES = pages_of(STREAM)


def read(messages: list[bytes]) -> list[Page]:
    reader = PageReader()
    return [page for message in messages for page in reader.feed(memoryview(message))]


def page(*lengths: int, sequence: int = 0, continued: bool = False, filler: bytes = b"x") -> Page:
    return Page(
        continued=continued,
        first=False,
        last=False,
        granule=0,
        serial=1,
        sequence=sequence,
        lacing=bytes(lengths),
        body=filler * sum(lengths),
    )


def test_the_checksum_is_that_of_the_format() -> None:
    assert checksum(b"") == 0
    assert checksum(b"123456789") == 0x89A1897F  # CRC-32/MPEG-2 without its initial ones
    assert len(PAGES) > 10


def test_pages_written_again_are_the_same_bytes() -> None:
    assert b"".join(map(written, PAGES)) == STREAM


@settings(max_examples=40, deadline=None)
@given(places=st.lists(st.integers(0, 2**20), max_size=40))
def test_pages_are_found_whatever_the_cuts(places: list[int]) -> None:
    assert read(cut_at(STREAM, places)) == PAGES


def test_pages_are_found_byte_by_byte() -> None:
    assert read(cut(STREAM[:4_000], 1)) == pages_of(STREAM[:4_000])


def test_bytes_between_pages_are_skipped() -> None:
    garbage = [b"OggS", b"junk", bytes(3_000), b"OggSOggSOgg", STREAM[:20], b""]
    pieces = [random.Random(1).choice(garbage) + written(page) for page in PAGES]
    assert read(cut(b"".join(pieces), 700)) == PAGES


def test_a_damaged_page_is_left_out() -> None:
    damaged = bytearray(STREAM)
    damaged[len(b"".join(map(written, PAGES[:5]))) + 100] ^= 1
    assert read(cut(bytes(damaged), 333)) == PAGES[:5] + PAGES[6:]


def test_a_page_cut_off_at_the_end_is_waited_for() -> None:
    reader = PageReader()
    assert list(reader.feed(memoryview(STREAM[:-10]))) == PAGES[:-1]
    reader.check()
    assert list(reader.feed(memoryview(STREAM[-10:]))) == PAGES[-1:]


def test_too_much_before_the_first_page_is_an_error() -> None:
    with pytest.raises(UndecodableAudioError, match="does not begin with an Ogg page"):
        read(cut(bytes(20_000), 1_000))


def test_too_much_between_pages_is_an_error_after_all_pages_before() -> None:
    reader = PageReader()
    found: list[Page] = []
    with pytest.raises(UndecodableAudioError, match="no intact Ogg page for 256 KiB"):
        found.extend(reader.feed(memoryview(STREAM + bytes(300_000))))
    assert found == PAGES


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"fLaC\0\0\0\x22\x10\0\x10\0", "a FLAC file"),
        (b"abc", "does not begin with an Ogg page"),
        (b"OggX", "does not begin with an Ogg page"),
    ],
)
def test_a_short_stream_without_a_page_is_an_error_when_checked(head: bytes, reason: str) -> None:
    reader = PageReader()
    assert list(reader.feed(memoryview(head))) == []
    with pytest.raises(UndecodableAudioError, match=reason):
        reader.check()


@pytest.mark.parametrize("head", [b"", b"O", STREAM[:3], STREAM[:30]])
def test_the_beginning_of_a_page_is_none(head: bytes) -> None:
    reader = PageReader()
    assert list(reader.feed(memoryview(head))) == []
    reader.check()


def test_many_false_page_starts_cost_little() -> None:
    with pytest.raises(UndecodableAudioError):
        read([b"".join([STREAM[:6], bytes(20), b"\xff" + b"\xff" * 255]) * 2_000])


def test_packets_are_cut_out_of_pages() -> None:
    packets, missing = PacketAssembler(longest=1_000).add(page(3, 0, 255, 0, 255, 5))
    assert [len(packet) for packet in packets] == [3, 0, 255, 260]
    assert not missing


def test_a_packet_goes_on_over_pages() -> None:
    assembler = PacketAssembler(longest=1_000)
    assert assembler.add(page(1, 255, filler=b"a"))[0] == [b"a"]
    assert assembler.add(page(255, sequence=1, continued=True, filler=b"b"))[0] == []
    packets, _ = assembler.add(page(2, 3, sequence=2, continued=True, filler=b"c"))
    assert packets == [b"a" * 255 + b"b" * 255 + b"cc", b"ccc"]


def test_a_packet_without_beginning_or_end_is_dropped() -> None:
    assembler = PacketAssembler(longest=1_000)
    assert assembler.add(page(255, 2, 3, continued=True))[0] == [b"xxx"]
    assembler.add(page(255, sequence=1))
    assert assembler.add(page(2, 3, sequence=2))[0] == [b"xx", b"xxx"]
    assembler.add(page(255, sequence=3))
    packets, missing = assembler.add(page(2, 3, sequence=5, continued=True))
    assert packets == [b"xxx"]
    assert missing


def test_of_a_packet_that_is_too_long_one_byte_more_is_kept() -> None:
    assembler = PacketAssembler(longest=100)
    for sequence in range(1_000):
        assembler.add(page(*[255] * 255, sequence=sequence, continued=sequence > 0))
    packets, _ = assembler.add(page(9, sequence=1_000, continued=True))
    assert [len(packet) for packet in packets] == [101]


def test_the_sequence_number_wraps_around() -> None:
    assembler = PacketAssembler(longest=100)
    assembler.add(page(1, sequence=2**32 - 1))
    assert assembler.add(page(1, sequence=0)) == ([b"x"], False)


def test_a_page_of_another_version_is_none() -> None:
    other = bytearray(written(dataclasses.replace(PAGES[0])))
    other[4] = 1
    other[22:26] = bytes(4)
    other[22:26] = checksum(bytes(other)).to_bytes(4, "little")
    assert read([bytes(other) + STREAM]) == PAGES
