"""What a server counts, in a registry of its own."""

from collections.abc import Callable
from functools import partial

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from sferic.protocol.messages import Message, SpeechEnded, SpeechStarted, Transcription

_LATENCIES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)
_DURATIONS = (1, 5, 15, 60, 300, 900, 3600, 14_400)
_CODES = frozenset({1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013})
_AT_WORK = (
    ("capacity", "capacity_streams", "Live streams that are taken; +Inf without a limit."),
    ("background", "sessions_background", "Open sessions whose audio is faster than speech."),
    ("busy", "worker_busy_ratio", "Share of the workers' time that is taken."),
    ("interval", "partial_interval_seconds", "Speech between two partials of a stream."),
    ("final_cost", "final_cost_seconds", "What a final of a live stream takes a worker."),
    ("partial_cost", "partial_cost_seconds", "What a partial of a live stream takes a worker."),
)
"""Fields of `AtWork`, with the names and the meanings of their gauges."""


class AtWork(msgspec.Struct, frozen=True, kw_only=True):
    """What recognition is at, in seconds; all zero while there is no model."""

    capacity: float = 0.0
    background: int = 0
    busy: float = 0.0
    interval: float = 0.0
    final_cost: float = 0.0
    partial_cost: float = 0.0


class Metrics:
    """The metrics of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._open = Gauge(
            "sferic_sessions_open", "Sessions that are open now.", registry=self.registry
        )
        self._opened = Counter("sferic_sessions_opened", "Sessions opened.", registry=self.registry)
        self._closed = Counter(
            "sferic_sessions_closed",
            "Sessions ended, by WebSocket close code.",
            ["code"],
            registry=self.registry,
        )
        self._rejected = Counter(
            "sferic_handshakes_rejected",
            "Handshakes answered with an HTTP error, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self._audio = Counter(
            "sferic_audio_seconds", "Seconds of audio received.", registry=self.registry
        )
        self._messages = Counter(
            "sferic_messages", "Messages sent, by kind.", ["kind"], registry=self.registry
        )
        self.first_transcript = Histogram(
            "sferic_first_transcript_seconds",
            "From the first audio of a session to its first transcript with text.",
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self.last_transcript = Histogram(
            "sferic_last_transcript_seconds",
            "From the end of the audio, as the client says it, to the last transcript.",
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self.final = Histogram(
            "sferic_final_seconds",
            "From the decision that live speech has ended to its words, waiting included.",
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self._duration = Histogram(
            "sferic_session_seconds",
            "Length of sessions by the clock.",
            buckets=_DURATIONS,
            registry=self.registry,
        )
        self.throttled = Counter(
            "sferic_throttled_reads",
            "Times that reading of a connection began to be throttled.",
            registry=self.registry,
        )
        self._read_ahead = Gauge(
            "sferic_read_ahead_bytes",
            "Input held for all connections, waiting for their sessions.",
            registry=self.registry,
        )
        self._ready = Gauge(
            "sferic_ready", "1 when sessions are taken, else 0.", registry=self.registry
        )
        self._recordings = Counter(
            "sferic_recordings",
            "Recordings that were transcribed, or could not be, by result.",
            ["result"],
            registry=self.registry,
        )
        self._deliveries = Counter(
            "sferic_deliveries",
            "Attempts at the delivery of a result, by what they came to.",
            ["result"],
            registry=self.registry,
        )
        self.on_final: Callable[[str], None] = lambda _: None
        """Called with the session of every final with text that was sent."""

    def watch(self, *, read_ahead: Callable[[], int], ready: Callable[[], bool]) -> None:
        """Take these figures when they are asked for."""
        self._read_ahead.set_function(read_ahead)
        self._ready.set_function(ready)

    def watch_recognition(self, look: Callable[[], AtWork]) -> None:
        """Take these figures, too."""
        for field, name, meaning in _AT_WORK:
            gauge = Gauge(f"sferic_{name}", meaning, registry=self.registry)
            gauge.set_function(partial(_figure, look, field))

    def opened(self) -> None:
        """A session begins."""
        self._opened.inc()
        self._open.inc()

    def closed(self, code: int, *, audio_seconds: float, seconds: float) -> None:
        """A session has ended."""
        self._open.dec()
        self._closed.labels(str(code) if code in _CODES else "other").inc()
        self._audio.inc(audio_seconds)
        self._duration.observe(seconds)

    def recording(self, result: str, *, audio_seconds: float) -> None:
        """A recording is done with."""
        self._recordings.labels(result).inc()
        self._audio.inc(audio_seconds)

    def delivery(self, result: str) -> None:
        """A result was handed over, or not."""
        self._deliveries.labels(result).inc()

    def rejected(self, reason: str) -> None:
        """A handshake was answered with an HTTP error."""
        self._rejected.labels(reason).inc()

    def sent(self, message: Message) -> None:
        """A message was sent."""
        if isinstance(message, Transcription):
            kind = "final" if message.is_final else "partial"
            if message.is_final and message.transcript:
                self.on_final(message.session_id)
        else:
            kind = "event" if isinstance(message, SpeechStarted | SpeechEnded) else "other"
        self._messages.labels(kind).inc()

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


def _figure(look: Callable[[], AtWork], field: str) -> float:
    return float(getattr(look(), field))
