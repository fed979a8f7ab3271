"""ogg_opus: Opus in Ogg as a byte stream cut anywhere (RFC 7845)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sferic.audio.ogg import PacketAssembler, Page, PageReader
from sferic.audio.opus import (
    LONGEST_PACKET,
    OPUS_RATE,
    OpusCodec,
)
from sferic.audio.pcm import ResampledDecoder
from sferic.errors import UndecodableAudioError

_ENCODING = "ogg_opus"

_PIECE = 2**15
_LONGEST_GAP = 30 * OPUS_RATE
_HEAD = struct.Struct("<8sBBHIhB")
_MONO_OR_STEREO, _SURROUND = 0, 1
_OTHER_CODECS = {
    b"\x01vorbis": "Vorbis",
    b"Speex   ": "Speex",
    b"\x7fFLAC": "FLAC",
    b"\x80theora": "Theora",
}


class OggOpusDecoder(ResampledDecoder):
    """Opus in Ogg: mono, stereo or surround, links chained one after the other.

    The clock starts at the first sample after pre-skip, as the format has it, and counts what the
    packets declare, cut at the end as the last page's granule position says. Links go on in the
    same time. A damaged page is skipped; where the granule positions say how much was on it,
    silence of that length (30 s at most) takes its place, so that what follows keeps its time.
    An incomplete page at the end is no error: what came before it counts. Audio is handed out a
    page at a time, since only a whole page has a checksum.
    """

    def __init__(self) -> None:
        super().__init__(OPUS_RATE)
        self._reader = PageReader()
        self._link: _Link | None = None
        self._others: list[str] = []

    def _samples(self, data: memoryview) -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(data), _PIECE):
            for page in self._reader.feed(data[start : start + _PIECE]):
                yield from self._page_samples(page)

    def _undecided(self) -> Iterator[NDArray[np.float32]]:
        self._reader.check()
        return iter(())

    def _page_samples(self, page: Page) -> Iterator[NDArray[np.float32]]:
        if page.first:
            self._begin(page)
        elif self._link is None:
            raise UndecodableAudioError(_ENCODING, self._no_opus())
        elif page.serial == self._link.serial:
            yield from self._link.decode(page)

    def _begin(self, page: Page) -> None:
        """Opens a link, unless the page begins another stream beside the one being decoded."""
        if not page.body.startswith(b"OpusHead"):
            self._others.append(_codec_name(page.body))
        elif self._link is None or self._link.begun or self._link.serial == page.serial:
            self._link = _open_link(page)

    def _no_opus(self) -> str:
        if self._others:
            return f"the Ogg stream holds {', '.join(self._others)}, no Opus"
        return "the Ogg stream does not begin with an OpusHead"


@dataclass(slots=True)
class _Link:
    """One logical Opus stream, from its OpusHead to the next."""

    serial: int
    codec: OpusCodec
    skip: int
    """Samples still to be dropped at the start."""
    assembler: PacketAssembler = field(
        default_factory=lambda: PacketAssembler(longest=LONGEST_PACKET)
    )
    begun: bool = False
    """A page after that of the OpusHead was seen."""
    tags_passed: bool = False
    granule: int | None = None

    def decode(self, page: Page) -> Iterator[NDArray[np.float32]]:
        self.begun = True
        packets, pages_missing = self.assembler.add(page)
        if packets and not self.tags_passed:
            self.tags_passed = True
            if packets[0].startswith(b"OpusTags"):
                del packets[0]
        wanted = total = sum(map(self.codec.duration, packets))
        if page.granule >= 0:
            span = page.granule - (self.granule or 0)
            if page.last and 0 <= span < total:
                wanted = span
            if pages_missing and self.granule is not None and span > total:
                yield from _silence(min(span - total, _LONGEST_GAP))
            self.granule = page.granule
        for packet in packets:
            samples = self.codec.decode(packet)[:wanted]
            wanted -= len(samples)
            skipped = min(self.skip, len(samples))
            self.skip -= skipped
            yield samples[skipped:]


def _open_link(page: Page) -> _Link:
    head = page.body
    if len(head) < _HEAD.size:
        raise UndecodableAudioError(_ENCODING, f"the OpusHead has only {len(head)} bytes")
    magic, version, channels, pre_skip, rate, gain, family = _HEAD.unpack_from(head)
    if version >= 16:
        raise UndecodableAudioError(_ENCODING, f"its version of Opus in Ogg is {version}, not 1")
    if family == _MONO_OR_STEREO and 1 <= channels <= 2:
        mapping, decoded_channels = b"", 1  # libopus mixes down by itself
    elif family == _SURROUND and 1 <= channels <= 8 and len(head) >= _HEAD.size + 2 + channels:
        mapping, decoded_channels = head[_HEAD.size :], channels
    else:
        raise UndecodableAudioError(
            _ENCODING, f"{channels} channels in mapping family {family} are not supported"
        )
    codec_head = _HEAD.pack(magic, version, decoded_channels, 0, rate, gain, family) + mapping
    return _Link(serial=page.serial, codec=OpusCodec(_ENCODING, head=codec_head), skip=pre_skip)


def _codec_name(body: bytes) -> str:
    for magic, name in _OTHER_CODECS.items():
        if body.startswith(magic):
            return name
    return "an unknown codec"


def _silence(count: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, count, OPUS_RATE // 2):
        yield np.zeros(min(OPUS_RATE // 2, count - start), np.float32)
