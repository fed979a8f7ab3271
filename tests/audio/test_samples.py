import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.audio.samples import (
    FLOAT_32,
    FLOAT_64,
    SIGNED_16,
    SIGNED_24,
    SIGNED_32,
    UNSIGNED_8,
    Framer,
    SampleFormat,
    mix_down,
)


@pytest.mark.parametrize(
    ("sample_format", "lowest", "middle", "highest"),
    [
        (UNSIGNED_8, b"\x00", b"\x80", b"\xff"),
        (SIGNED_16, b"\x00\x80", b"\0\0", b"\xff\x7f"),
        (SIGNED_24, b"\x00\x00\x80", b"\0\0\0", b"\xff\xff\x7f"),
        (SIGNED_32, b"\x00\x00\x00\x80", b"\0\0\0\0", b"\xff\xff\xff\x7f"),
        (FLOAT_32, b"\x00\x00\x80\xbf", b"\0\0\0\0", b"\x00\x00\x80\x3f"),
    ],
)
def test_full_scale_is_one(
    sample_format: SampleFormat, lowest: bytes, middle: bytes, highest: bytes
) -> None:
    samples = sample_format.convert(lowest + middle + highest)
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, [-1, 0, 1], atol=1 / 127)
    assert np.abs(samples).max() <= 1


@pytest.mark.parametrize(("sample_format", "dtype"), [(FLOAT_32, "<f4"), (FLOAT_64, "<f8")])
def test_floats_that_are_no_audio_are_tamed(sample_format: SampleFormat, dtype: str) -> None:
    wild = np.array([np.nan, np.inf, -np.inf, 1e30, -3, 0.25], dtype)
    np.testing.assert_array_equal(sample_format.convert(wild.tobytes()), [0, 1, -1, 1, -1, 0.25])


def test_channels_are_averaged() -> None:
    np.testing.assert_array_equal(
        mix_down(np.array([1, 0, 0.5, -0.5], np.float32), 2), np.array([0.5, 0], np.float32)
    )


@given(
    data=st.binary(max_size=200),
    sizes=st.lists(st.integers(0, 40), max_size=20),
    frame_size=st.integers(1, 9),
)
def test_frames_come_out_whole_and_in_order_whatever_the_cuts(
    data: bytes, sizes: list[int], frame_size: int
) -> None:
    framer = Framer(frame_size, block_frames=4)
    blocks: list[bytes] = []
    rest = memoryview(data)
    for size in [*sizes, len(data)]:
        blocks += [bytes(block) for block in framer.cut(rest[:size])]
        rest = rest[size:]
    assert b"".join(blocks) == data[: len(data) // frame_size * frame_size]
    assert all(0 < len(block) <= 4 * frame_size for block in blocks)
    assert all(len(block) % frame_size == 0 for block in blocks)
