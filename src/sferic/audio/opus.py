"""opus: one raw Opus packet a message (RFC 6716)."""

from collections.abc import Iterator

import av
import numpy as np
from numpy.typing import NDArray

from sferic.audio.containers import LONGEST_SIGNATURE, container_of
from sferic.audio.pcm import ResampledDecoder
from sferic.audio.samples import mix_down
from sferic.errors import UndecodableAudioError

OPUS_RATE = 48_000
"""Rate that Opus decodes at, in Hz, whatever the rate of the encoder's input."""

LONGEST_PACKET = 2**17
"""Bytes; far more than any encoder writes, with room for surround and padding."""

_ENCODING = "opus"

_LONGEST_DURATION = 5760
_SILK_DURATIONS = (480, 960, 1920, 2880)
_HYBRID_DURATIONS = (480, 960)
_CELT_DURATIONS = (120, 240, 480, 960)


class OpusDecoder(ResampledDecoder):
    """One Opus packet a message, mono or stereo, as WebRTC clients have them.

    The clock counts the durations the packets declare. A packet of one byte (discontinuous
    transmission) lasts as long as it declares; what a sender leaves out altogether takes no time.
    Nothing tells the encoder's look-ahead (6.5 ms as libopus sets it), so it stays in.
    """

    def __init__(self) -> None:
        super().__init__(OPUS_RATE)
        self._codec = OpusCodec(_ENCODING)

    def _samples(self, data: memoryview) -> Iterator[NDArray[np.float32]]:
        if not data:
            return
        container = container_of(bytes(data[:LONGEST_SIGNATURE]))
        if container is not None:
            raise UndecodableAudioError(
                _ENCODING, f"a message begins like {container}, not like one bare Opus packet"
            )
        yield self._codec.decode(bytes(data[: LONGEST_PACKET + 1]))


class OpusCodec:
    """libopus: one packet in, its mono samples at 48 kHz out.

    Args:
        encoding: What errors name.
        head: The OpusHead of an Ogg stream (RFC 7845, section 5.1), with no pre-skip. Without one
            there is one channel. When one channel is wanted of a stereo packet, libopus itself
            mixes down.
    """

    def __init__(self, encoding: str, *, head: bytes | None = None) -> None:
        self._encoding = encoding
        self._context = av.AudioCodecContext.create("libopus", "r")
        self._context.options = {"request_sample_fmt": "flt"}
        if head is None:
            self._context.layout = "mono"
        else:
            self._context.extradata = head

    def duration(self, packet: bytes) -> int:
        """Reads how long a packet lasts, in samples at 48 kHz.

        Raises:
            UndecodableAudioError: It is no packet, or lasts longer than 120 ms.
        """
        duration = packet_duration(packet)
        if not 0 < duration <= _LONGEST_DURATION or len(packet) > LONGEST_PACKET:
            raise self._damaged(packet)
        return duration

    def decode(self, packet: bytes) -> NDArray[np.float32]:
        """Decodes one packet.

        Raises:
            UndecodableAudioError: It is no packet, or it is damaged.
        """
        duration = self.duration(packet)
        try:
            frames = self._context.decode(av.Packet(packet))
        except (av.FFmpegError, ValueError) as error:
            raise self._damaged(packet) from error
        if [frame.samples for frame in frames] != [duration]:
            raise self._damaged(packet)
        return _mono(frames[0])

    def _damaged(self, packet: bytes) -> UndecodableAudioError:
        return UndecodableAudioError(
            self._encoding, f"a packet of {len(packet)} bytes is damaged or no Opus"
        )


def packet_duration(packet: bytes) -> int:
    """Reads the duration a packet declares (RFC 6716, sections 3.1 and 3.2).

    Returns:
        Samples at 48 kHz; 0 for what is no packet.
    """
    if not packet:
        return 0
    config, code = packet[0] >> 3, packet[0] & 0x03
    if config < 12:
        frame = _SILK_DURATIONS[config % 4]
    elif config < 16:
        frame = _HYBRID_DURATIONS[config % 2]
    else:
        frame = _CELT_DURATIONS[config % 4]
    match code:
        case 0:
            return frame
        case 1 | 2:
            return 2 * frame
        case _:
            return (packet[1] & 0x3F) * frame if len(packet) > 1 else 0


def _mono(frame: av.AudioFrame) -> NDArray[np.float32]:
    samples = np.asarray(frame.to_ndarray(), np.float32)
    return mix_down(samples.reshape(-1), frame.layout.nb_channels)
