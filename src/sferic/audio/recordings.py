"""Files and pipes of any container FFmpeg reads, as linear16 on the clock of the file."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Protocol, Self

import av
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from sferic.audio.clock import SAMPLE_RATE
from sferic.errors import UnreadableRecordingError

WIDTH = 2
"""Bytes of a sample."""

MOST_CHANNELS = 8
"""That a recording is split into."""

OWN = {"protocol_whitelist": "none"}
"""Options of FFmpeg for files of the user: a playlist must not have others opened."""

_BUFFER = 256 * 1024
_TOLERANCE_S = 0.1
"""Timestamps are rounded, to whole milliseconds in some containers: smaller gaps are none."""
_RESTART_S = 1.0
"""Timestamps that fall back further than this begin anew, as in files that were joined."""
_LONGEST_GAP_S = 3600.0
"""Where the file does not say how long it is, a gap that is longer is a mistake."""


class Readable(Protocol):
    """What a recording is read from; with `seek` and `tell`, some more containers work."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


class Recording:
    """The first audio track of a container, decoded as it is read.

    The samples are where the timestamps of the container say: where it holds nothing, such as
    before a track that begins late, there is silence. Packets that do not decode are left out.

    Args:
        file: Its bytes. A path is no choice here, because FFmpeg would take some for addresses.
        split: Whether its channels are kept apart.
        options: What FFmpeg is told, such as what it may read.

    Attributes:
        duration: Seconds, where the container says so.
        channels: That the blocks have, each sample of one beside that of the next; 1 unless split.
        damaged: Packets that did not decode so far.

    Raises:
        UnreadableRecordingError: It is no container, or holds no audio, or more channels than it is
            split into.
    """

    def __init__(
        self, file: Readable, *, split: bool = False, options: Mapping[str, str] = OWN
    ) -> None:
        try:
            self._container: InputContainer = av.open(
                file,
                mode="r",
                buffer_size=_BUFFER,
                metadata_errors="ignore",
                container_options=dict(options),
            )
        except FFmpegError as error:
            reason = f"it is no audio or video that is read here ({error.strerror})"
            raise UnreadableRecordingError(reason) from None
        except OSError as error:
            reason = f"it cannot be read ({error.strerror})"
            raise UnreadableRecordingError(reason) from None
        stream = self._container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            self.close()
            reason = "it has no audio track"
            raise UnreadableRecordingError(reason)
        self._stream = stream
        self._start = (self._container.start_time or 0) / av.time_base
        length = (self._container.duration or 0) / av.time_base
        self.duration = length if length > 0 else None
        self.damaged = 0
        self._layout = stream.layout if split else AudioLayout("mono")
        self.channels = self._layout.nb_channels
        if not 1 <= self.channels <= MOST_CHANNELS:
            self.close()
            reason = f"it has {self.channels} channels, and at most {MOST_CHANNELS} are kept apart"
            raise UnreadableRecordingError(reason)

    def blocks(self, seconds: float = 0.25) -> Iterator[bytes]:
        """Decode it: 16-bit samples at 16 kHz, in blocks of this length, the last one shorter.

        Raises:
            UnreadableRecordingError: It breaks off in the middle, or nothing in it decodes.
        """
        size = max(1, round(seconds * SAMPLE_RATE)) * WIDTH * self.channels
        pending = bytearray()
        failure = None
        try:
            for data in self._samples():
                pending += data
                while len(pending) >= size:
                    yield bytes(pending[:size])
                    del pending[:size]
        except UnreadableRecordingError as error:
            failure = error
        if pending:
            yield bytes(pending)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Let it go."""
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _samples(self) -> Iterator[bytes]:
        converter = _Converter(self._layout)
        heard = 0.0
        for frame in self._frames():
            if frame.pts is not None and frame.time_base is not None:
                at = float(frame.pts * frame.time_base) - self._start
                if self._is_gap(heard, at):
                    yield from converter.flush()
                    yield from converter.silence_until(at)
                    heard = at
                elif at - heard > _TOLERANCE_S or at - heard < -_RESTART_S:
                    self._start += at - heard
            heard += frame.samples / frame.sample_rate
            yield from converter.push(frame)
        yield from converter.flush()

    def _is_gap(self, heard: float, at: float) -> bool:
        # A file that falls back a little has more audio than time. None of it is dropped; the
        # next pause makes up for it.
        latest = heard + _LONGEST_GAP_S if self.duration is None else self.duration
        return heard + _TOLERANCE_S < at <= latest

    def _frames(self) -> Iterator[AudioFrame]:
        found = False
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, OSError) as error:
                reason = f"it cannot be read to its end ({error.strerror})"
                raise UnreadableRecordingError(reason) from None
            if packet is None:
                break
            try:
                frames = packet.decode()
            except FFmpegError:
                self.damaged += 1
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame):
                    found = True
                    yield frame
        if not found:
            reason = "nothing in its audio track decodes"
            raise UnreadableRecordingError(reason)


class _Converter:
    """Whatever frames hold, to 16-bit at 16 kHz; they may change in mid-stream."""

    def __init__(self, layout: AudioLayout) -> None:
        self._layout = layout
        self._width = WIDTH * layout.nb_channels
        self._resampler: AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None
        self._handed_out = 0
        """Bytes."""

    def push(self, frame: AudioFrame) -> Iterator[bytes]:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self.flush()
        if self._resampler is None:
            self._resampler = AudioResampler(format="s16", layout=self._layout, rate=SAMPLE_RATE)
            self._kind = kind
        frame.pts = None  # the resampler is not to judge it too
        yield from self._resampled(self._resampler, frame)

    def flush(self) -> Iterator[bytes]:
        resampler, self._resampler, self._kind = self._resampler, None, None
        if resampler is not None:
            yield from self._resampled(resampler, None)

    def silence_until(self, seconds: float) -> Iterator[bytes]:
        missing = round(seconds * SAMPLE_RATE) * self._width - self._handed_out
        self._handed_out += max(0, missing)
        while missing > 0:
            yield bytes(min(missing, SAMPLE_RATE * self._width))
            missing -= SAMPLE_RATE * self._width

    def _resampled(self, resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[bytes]:
        for resampled in resampler.resample(frame):
            if resampled is not None:  # what passed through untouched ends with None
                data = resampled.to_ndarray().tobytes()
                self._handed_out += len(data)
                yield data
