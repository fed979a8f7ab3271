"""Names the container that bytes begin with, so that an error can say what was sent instead."""

from typing import NamedTuple


class _Signature(NamedTuple):
    name: str
    pattern: tuple[int | None, ...]
    """First bytes; None stands for any."""


def _signature(name: str, *parts: bytes | int) -> _Signature:
    pattern: list[int | None] = []
    for part in parts:
        pattern += [None] * part if isinstance(part, int) else part
    return _Signature(name, tuple(pattern))


WAV = "a WAV file"

# Each fixes 40 bits and more: no audio begins like that by chance.
_SIGNATURES = (
    _signature(WAV, b"RIFF", 4, b"WAVE"),
    _signature("an Ogg stream", b"OggS\0\x02" + bytes(6)),
    _signature("a WebM or Matroska file", b"\x1a\x45\xdf\xa3", 1, b"\x42\x86\x81"),
    _signature("a WebM or Matroska file", b"\x1a\x45\xdf\xa3\x01" + bytes(6)),
    _signature("a FLAC file", b"fLaC\0\0\0\x22"),
    _signature("an MP3 file", b"ID3\x03\0"),
    _signature("an MP3 file", b"ID3\x04\0"),
)

_MP4 = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")

# Looser ones, for files of which somebody says what they are if they are none of these.
_BEGINNINGS = (
    *((4, mark) for mark in _MP4),
    (0, b"FORM"),
    (0, b"caff"),
    (0, b"#!AMR"),
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"riff.\x91\xcf\x11"),
    (0, b".snd"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    (0, b"FLV\x01"),
    (0, b"fLaC"),
    (0, b"ID3"),
    (0, b"OggS"),
    (0, b"MAC "),
    (0, b"wvpk"),
    (0, b"TTA1"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"Creative Voice File"[:12]),
    (0, b"\x00\x00\x01\xba"),
)

LONGEST_SIGNATURE = max(len(signature.pattern) for signature in _SIGNATURES)
"""Bytes that are always enough to tell, namely 12."""


def container_of(head: bytes) -> str | None:
    """Names the container whose whole signature `head` begins with."""
    for name, pattern in _SIGNATURES:
        if len(head) >= len(pattern) and _agrees(head, pattern):
            return name
    return None


def may_need_its_end(head: bytes) -> bool:
    """Says whether a file that begins so may have its table of contents at its end."""
    return head[4:8] in _MP4


def is_container(head: bytes) -> bool:
    """Says whether a file that begins so is some container, rather than bare samples."""
    return container_of(head) is not None or any(
        head[at : at + len(mark)] == mark for at, mark in _BEGINNINGS
    )


def may_become_container(head: bytes) -> bool:
    """Says whether more bytes could still complete a signature that `head` begins with."""
    return any(len(head) < len(pattern) and _agrees(head, pattern) for _, pattern in _SIGNATURES)


def _agrees(head: bytes, pattern: tuple[int | None, ...]) -> bool:
    return all(want in {None, byte} for byte, want in zip(head, pattern, strict=False))
