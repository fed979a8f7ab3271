import pytest

from audio.material import linear16, ogg, speech, wav
from sferic.audio.containers import LONGEST_SIGNATURE, container_of, may_become_container

WEBM_OF_A_BROWSER = bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381")
WEBM_OF_FFMPEG = bytes.fromhex("1a45dfa301000000000000234286810142f78101")
FLAC = b"fLaC\0\0\0\x22\x10\0\x10\0"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (WEBM_OF_A_BROWSER, "a WebM or Matroska file"),
        (WEBM_OF_FFMPEG, "a WebM or Matroska file"),
        (FLAC, "a FLAC file"),
        (b"ID3\x04\0\0\0\0\0\0", "an MP3 file"),
        (wav(b""), "a WAV file"),
        (ogg(speech(48_000)[:960]), "an Ogg stream"),
    ],
)
def test_a_container_is_known_by_its_first_bytes(head: bytes, name: str) -> None:
    assert container_of(head) == name
    assert may_become_container(head[:3])
    assert container_of(head[:3]) is None


def test_twelve_bytes_are_enough_to_tell() -> None:
    assert LONGEST_SIGNATURE == 12
    assert not may_become_container(b"RIFF\0\0\0\0WAVE")


def test_samples_are_no_container() -> None:
    head = linear16(speech())[:16]
    assert container_of(head) is None
    assert not may_become_container(head[:1])
