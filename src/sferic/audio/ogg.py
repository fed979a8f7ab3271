"""Ogg pages and packets out of a byte stream cut anywhere (RFC 3533)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from sferic.audio.containers import LONGEST_SIGNATURE, container_of
from sferic.errors import UndecodableAudioError

_ENCODING = "ogg_opus"

_CAPTURE = b"OggS"
_HEADER = struct.Struct("<4sBBqIIIB")
_CHECKSUM = slice(22, 26)
_CONTINUED, _FIRST, _LAST = 0x01, 0x02, 0x04
_LONGEST_PREAMBLE = 2**14
_MOST_GARBAGE = 2**18
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """One page whose checksum is right."""

    continued: bool
    """It begins with the rest of a packet."""
    first: bool
    last: bool
    granule: int
    """The codec's position after the last packet that ends here; negative if none does."""
    serial: int
    sequence: int
    lacing: bytes
    body: bytes


class PageReader:
    """Finds pages in bytes that come in pieces, and gets over damage.

    A page is taken only whole and with the right checksum. What lies between pages is skipped:
    up to 16 KiB before the first one, up to 256 KiB later, damaged pages included.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head = b""
        self._found = False
        self._garbage = 0

    def feed(self, data: memoryview) -> Iterator[Page]:
        """Yields the pages that are complete.

        Raises:
            UndecodableAudioError: There is more between them than can be skipped.
        """
        self._head += data[: LONGEST_SIGNATURE - len(self._head)]
        self._buffer += data
        while self._seek() and (size := self._page_size()):
            page = _parse(bytes(self._buffer[:size]))
            if page is None:
                self._drop(len(_CAPTURE), garbage=size)
            else:
                del self._buffer[:size]
                self._found = True
                self._garbage = 0
                yield page

    def check(self) -> None:
        """Raises if bytes came, and none of them were a page or may still become one."""
        promising = not self._garbage and self._buffer.startswith(_CAPTURE[: len(self._buffer)])
        if not self._found and not promising:
            raise self._no_page()

    def _seek(self) -> bool:
        """Drops what comes before the next capture pattern, says whether there is one."""
        start = self._buffer.find(_CAPTURE)
        found = start >= 0
        if not found:
            start = max(0, len(self._buffer) - len(_CAPTURE) + 1)
        self._drop(start, garbage=start)
        return found

    def _drop(self, count: int, *, garbage: int) -> None:
        del self._buffer[:count]
        self._garbage += garbage
        if self._garbage > (_MOST_GARBAGE if self._found else _LONGEST_PREAMBLE):
            raise self._no_page()

    def _page_size(self) -> int:
        """Bytes of the page the buffer begins with, 0 if it is not all there."""
        if len(self._buffer) < _HEADER.size:
            return 0
        body_start = _HEADER.size + self._buffer[_HEADER.size - 1]
        size = body_start + sum(self._buffer[_HEADER.size : body_start])
        return size if len(self._buffer) >= size else 0

    def _no_page(self) -> UndecodableAudioError:
        if self._found:
            reason = f"there is no intact Ogg page for {_MOST_GARBAGE // 1024} KiB"
        elif container := container_of(self._head):
            reason = f"the stream begins like {container}, and no intact Ogg page follows"
        else:
            reason = "the stream does not begin with an Ogg page"
        return UndecodableAudioError(_ENCODING, reason)


class PacketAssembler:
    """The packets of one logical stream, put together from its pages.

    Args:
        longest: Bytes a packet may have. Of a longer one that many are kept, and one more.
    """

    def __init__(self, *, longest: int) -> None:
        self._kept = longest + 1
        self._sequence: int | None = None
        self._partial: bytearray | None = None

    def add(self, page: Page) -> tuple[list[bytes], bool]:
        """Takes the next page, returns the packets that end on it and whether pages are missing.

        A packet that lacks its beginning or its end is dropped.
        """
        missing = self._sequence is not None and page.sequence != (self._sequence + 1) % 2**32
        self._sequence = page.sequence
        packets = []
        partial = None
        if not page.continued:
            partial = bytearray()
        elif not missing:
            partial = self._partial
        offset = 0
        for length in page.lacing:
            if partial is not None:
                partial += page.body[offset : offset + min(length, self._kept - len(partial))]
            offset += length
            if length < 255:
                if partial is not None:
                    packets.append(bytes(partial))
                partial = bytearray()
        self._partial = partial if page.lacing.endswith(b"\xff") else None
        return packets, missing


def checksum(data: bytes) -> int:
    """CRC-32 as Ogg has it: zlib's polynomial with the bits in order and nothing inverted."""
    reversed_crc = zlib.crc32(data.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int.from_bytes(reversed_crc.to_bytes(4, "little").translate(_REVERSED), "big")


def _parse(raw: bytes) -> Page | None:
    _, version, flags, granule, serial, sequence, crc, segments = _HEADER.unpack_from(raw)
    blanked = raw[: _CHECKSUM.start] + bytes(4) + raw[_CHECKSUM.stop :]
    if version != 0 or crc != checksum(blanked):
        return None
    body_start = _HEADER.size + segments
    return Page(
        continued=bool(flags & _CONTINUED),
        first=bool(flags & _FIRST),
        last=bool(flags & _LAST),
        granule=granule,
        serial=serial,
        sequence=sequence,
        lacing=raw[_HEADER.size : body_start],
        body=raw[body_start:],
    )
