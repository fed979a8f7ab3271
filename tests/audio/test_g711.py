import numpy as np
import pytest

from sferic.audio.g711 import ALAW, MULAW


@pytest.mark.parametrize(
    ("byte", "value"),
    [(0x00, -32124), (0x7F, 0), (0x80, 32124), (0xFF, 0), (0x8F, 16764), (0xF0, 120), (0x70, -120)],
)
def test_mulaw_bytes_have_the_values_of_the_standard(byte: int, value: int) -> None:
    assert MULAW[byte] * 32768 == value


@pytest.mark.parametrize(
    ("byte", "value"),
    [(0x55, -8), (0xD5, 8), (0x2A, -32256), (0xAA, 32256), (0x5A, -248), (0x80, 5504)],
)
def test_alaw_bytes_have_the_values_of_the_standard(byte: int, value: int) -> None:
    assert ALAW[byte] * 32768 == value


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_all_bytes_agree_with_the_standard_library_where_it_still_has_them() -> None:
    audioop = pytest.importorskip("audioop")
    every_byte = bytes(range(256))
    for table, decode in ((ALAW, audioop.alaw2lin), (MULAW, audioop.ulaw2lin)):
        np.testing.assert_array_equal(
            table * 32768, np.frombuffer(decode(every_byte, 2), np.int16).astype(np.float32)
        )
