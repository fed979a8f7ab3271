import dataclasses
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.material import (
    Samples,
    cut,
    cut_at,
    heard,
    joined,
    lag,
    ogg,
    pages_of,
    signal_to_noise,
    speech,
    wav,
    written,
)
from sferic.audio.ogg import Page
from sferic.audio.ogg_opus import OggOpusDecoder
from sferic.errors import UndecodableAudioError

STREAM = ogg(speech(48_000))
PAGES = pages_of(STREAM)
WHOLE = heard(OggOpusDecoder(), [STREAM])


def rewritten(page: Page, **changes: object) -> bytes:
    return written(dataclasses.replace(page, **changes))  # type: ignore[arg-type]


def head(**changes: int) -> bytes:
    fields = {"version": 1, "channels": 1, "pre_skip": 312, "rate": 48_000, "gain": 0, "family": 0}
    return b"OpusHead" + struct.pack("<BBHIhB", *(fields | changes).values())


def with_head(body: bytes) -> bytes:
    first = rewritten(PAGES[0], body=body, lacing=bytes([len(body)]))
    return first + b"".join(map(written, PAGES[1:]))


def first_page_of_other_codec(body: bytes = b"\x01vorbis" + bytes(23)) -> bytes:
    return rewritten(PAGES[0], serial=77, body=body, lacing=bytes([len(body)]))


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_speech_comes_through_in_place_and_with_its_length(layout: str) -> None:
    samples = heard(OggOpusDecoder(), cut(ogg(speech(48_000), layout=layout), 1_000))
    assert len(samples) == len(speech()) == 48_000
    assert lag(speech(), samples) == 0
    assert signal_to_noise(speech(), samples) > (18 if layout != "5.1" else 8)


@settings(max_examples=25, deadline=None)
@given(places=st.lists(st.integers(0, 2**20), max_size=40))
def test_the_stream_may_be_cut_anywhere(places: list[int]) -> None:
    np.testing.assert_array_equal(heard(OggOpusDecoder(), cut_at(STREAM, places)), WHOLE)


def test_the_stream_may_come_byte_by_byte() -> None:
    np.testing.assert_array_equal(heard(OggOpusDecoder(), cut(STREAM, 1)), WHOLE)


@pytest.mark.parametrize("length", [1, 500, 960, 47_999, 100_001])
def test_the_end_is_where_the_last_page_says(length: int) -> None:
    decoder = OggOpusDecoder()
    assert len(heard(decoder, [ogg(speech(48_000)[:length])])) == length // 3


def test_the_clock_starts_after_pre_skip() -> None:
    decoder = OggOpusDecoder()
    joined(decoder.decode(b"".join(map(written, PAGES[:3]))))
    assert decoder.position == (PAGES[2].granule - 312) // 3
    longer = heard(OggOpusDecoder(), [with_head(head(pre_skip=312 + 4_800))])
    assert len(longer) == len(WHOLE) - 1_600
    assert signal_to_noise(WHOLE[1_700:], longer[100:]) > 60


def test_a_gain_is_applied() -> None:
    halved = heard(OggOpusDecoder(), [with_head(head(gain=round(-6.0206 * 256)))])
    assert signal_to_noise(WHOLE * np.float32(0.5), halved) > 50


def test_chained_links_go_on_in_the_same_time() -> None:
    other = ogg(speech(48_000)[:48_000], layout="stereo")
    samples = heard(OggOpusDecoder(), cut(STREAM + other + STREAM, 997))
    assert len(samples) == 48_000 + 16_000 + 48_000
    assert signal_to_noise(speech(), samples[:48_000]) > 18
    assert signal_to_noise(speech()[:16_000], samples[48_000:64_000]) > 15
    assert signal_to_noise(speech(), samples[64_000:]) > 18


def test_streams_beside_the_opus_stream_are_left_alone() -> None:
    other = dataclasses.replace(PAGES[0], serial=77, sequence=1, first=False)
    mixed = first_page_of_other_codec() + written(PAGES[0])
    mixed += first_page_of_other_codec(b"OpusHead, but the second one")
    mixed += b"".join(written(page) + written(other) for page in PAGES[1:])
    np.testing.assert_array_equal(heard(OggOpusDecoder(), [mixed]), WHOLE)


def test_what_came_before_a_page_cut_off_counts() -> None:
    decoder = OggOpusDecoder()
    samples = heard(decoder, [STREAM[:-100]])
    complete = (PAGES[-2].granule - 312) // 3
    assert len(samples) == decoder.position == complete
    np.testing.assert_allclose(samples[:-300], WHOLE[: complete - 300], atol=1e-6)


def test_a_damaged_page_becomes_silence_of_its_length() -> None:
    damaged = b"".join(written(page) for page in PAGES[:6])
    damaged += written(PAGES[6])[:-1] + b"?" + b"".join(written(page) for page in PAGES[7:])
    samples = heard(OggOpusDecoder(), cut(damaged, 500))
    assert len(samples) == len(WHOLE)
    start, end = ((page.granule - 312) // 3 for page in PAGES[5:7])
    assert np.abs(samples[start + 200 : end - 200]).max() < 1e-6
    assert signal_to_noise(WHOLE[end + 2_000 :], samples[end + 2_000 :]) > 20


def test_a_stream_joined_in_the_middle_begins_at_nought() -> None:
    joined_late = written(PAGES[0]) + written(PAGES[1])
    for number, page in enumerate(PAGES[8:], start=2):
        joined_late += rewritten(page, sequence=number)
    decoder = OggOpusDecoder()
    heard(decoder, [joined_late])
    assert decoder.position == (PAGES[-1].granule - PAGES[7].granule - 312) // 3


def test_long_comments_are_passed_over() -> None:
    tags = b"OpusTags" + bytes(300_000)
    lacing = b"\xff" * (len(tags) // 255) + bytes([len(tags) % 255])
    stream = written(PAGES[0])
    sequence = 1
    for start in range(0, len(lacing), 255):
        body = tags[start * 255 : (start + 255) * 255]
        stream += rewritten(
            PAGES[1], sequence=sequence, continued=start > 0,
            lacing=lacing[start : start + 255], body=body,
        )  # fmt: skip
        sequence += 1
    for number, page in enumerate(PAGES[2:], start=sequence):
        stream += rewritten(page, sequence=number)
    np.testing.assert_array_equal(heard(OggOpusDecoder(), cut(stream, 5_000)), WHOLE)


def test_a_flush_in_mid_stream_leaves_no_seam_and_loses_no_page() -> None:
    decoder = OggOpusDecoder()
    blocks: list[Samples] = []
    for number, message in enumerate(cut(STREAM, 300)):
        blocks += decoder.decode(message)
        if number % 20 == 11:
            blocks += decoder.flush()
            assert sum(map(len, blocks)) == decoder.position
    flushed = joined([*blocks, *decoder.flush()])
    assert len(flushed) == len(WHOLE)
    assert signal_to_noise(WHOLE, flushed) > 25


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (first_page_of_other_codec() + rewritten(PAGES[1], serial=77), "holds Vorbis, no Opus"),
        (first_page_of_other_codec(b"?") + written(PAGES[1]), "an unknown codec, no Opus"),
        (written(PAGES[4]), "does not begin with an OpusHead"),
        (with_head(b"OpusHead\x01"), "only 9 bytes"),
        (with_head(head(version=16)), "version of Opus in Ogg is 16"),
        (with_head(head(channels=0)), "0 channels in mapping family 0"),
        (with_head(head(channels=3)), "3 channels in mapping family 0"),
        (with_head(head(family=1)), "1 channels in mapping family 1"),
        (with_head(head(family=255)), "1 channels in mapping family 255"),
        (with_head(head(family=1) + b"\x09\x09\x00"), "is damaged or no Opus"),
        (written(PAGES[0]) + rewritten(PAGES[1], lacing=b"\2", body=b"\3\0"), "a packet of 2"),
        (wav(bytes(20_000)), "a WAV file"),
        (b"not Ogg", "does not begin with an Ogg page"),
    ],
)
def test_what_cannot_be_decoded_is_named(stream: bytes, reason: str) -> None:
    with pytest.raises(UndecodableAudioError, match=f"ogg_opus.*{reason}"):
        heard(OggOpusDecoder(), cut(stream, 600))


def test_nothing_at_all_is_no_error() -> None:
    assert len(heard(OggOpusDecoder(), [b""])) == 0
