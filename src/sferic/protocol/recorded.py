"""The answer to a recording: what was said in it, all at once."""

import secrets
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from sferic.errors import SfericError
from sferic.protocol.messages import ErrorMessage, Message, Transcription, Utterance, WordItem
from sferic.protocol.options import Options

MOST_WORDS = 500_000
"""That are kept of a stream: two days of speech without a pause."""


class UrlBody(msgspec.Struct, frozen=True):
    """A body that says where the recording is."""

    url: str


class RecordedWord(msgspec.Struct, frozen=True, kw_only=True):
    """One word; times in seconds from the beginning."""

    word: str
    start: float
    end: float
    confidence: float
    speaker: str | UnsetType = UNSET
    speaker_confidence: float | UnsetType = UNSET
    channel: int | UnsetType = UNSET


class RecordedUtterance(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence; times in seconds from the beginning."""

    text: str
    start: float
    end: float
    speaker: str | UnsetType = UNSET
    channel: int | UnsetType = UNSET


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """How it was come by."""

    duration: float
    """Seconds of audio."""
    processing_time_ms: int
    rtfx: float
    """Seconds of audio that were done in a second."""
    file_size: int | UnsetType = msgspec.field(name="fileSize", default=UNSET)
    """Bytes that came; of a recording."""
    channels: int = 1
    complete: bool = True
    """Whether nothing of a very long session was left out."""


class RecordedTranscription(msgspec.Struct, frozen=True, kw_only=True):
    """The transcript of a whole recording; a field that was not asked for is UNSET."""

    status: str = "success"
    request_id: str
    session_id: str | UnsetType = UNSET
    """Of a live session."""
    transcription: str
    audio_length: float
    """Seconds."""
    language: str | None
    languages: tuple[str, ...]
    words: tuple[RecordedWord, ...] | UnsetType = UNSET
    utterances: tuple[RecordedUtterance, ...] | UnsetType = UNSET
    redacted_entities: tuple[str, ...] | UnsetType = UNSET
    metadata: Metadata
    webhook_extra: str | UnsetType = UNSET


class RecordedError(ErrorMessage, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """What came of a recording in the place of a transcript."""

    request_id: str
    webhook_extra: str | UnsetType = UNSET

    @classmethod
    def about(cls, error: SfericError, request_id: str, *, extra: str | None) -> "RecordedError":
        """Say an error about a request."""
        said = ErrorMessage.of(error)
        return cls(
            code=said.code,
            message=said.message,
            errors=said.errors,
            request_id=request_id,
            webhook_extra=UNSET if extra is None else extra,
        )


class Processing(msgspec.Struct, frozen=True, kw_only=True):
    """The answer at once, where the transcript goes to a webhook."""

    status: Literal["processing"] = "processing"
    request_id: str


class SecretAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the deliveries of a key are signed with."""

    secret: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How far the delivery of a result is."""

    state: Literal["pending", "delivered", "given_up"]
    attempts: int
    last_outcome: str | None
    """Of the last attempt, in a few words."""
    next_attempt: str | None
    """When, as RFC 3339 has it."""


class RequestStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request whose result goes to a webhook."""

    request_id: str
    status: Literal["waiting", "processing", "success", "error"]
    created: str
    """When, as RFC 3339 has it."""
    delivery: Delivery
    result: msgspec.Raw | None
    """What is delivered, once it is there."""


class Transcript:
    """What the finals of one stream come to.

    With `full_transcript`, text and sentences are those of the session; otherwise those of its
    segments are put in a row.

    Args:
        most: Words after which no more are kept.
    """

    def __init__(self, most: int = MOST_WORDS) -> None:
        self._most = most
        self._texts: list[str] = []
        self.complete = True
        """Whether nothing was left out."""
        self.language: str | None = None
        self.languages: tuple[str, ...] = ()
        self.words: list[WordItem] = []
        self.utterances: list[Utterance] = []
        self.entities: list[str] = []
        self._count = 0

    @property
    def text(self) -> str:
        """All that was said."""
        return " ".join(self._texts)

    def note(self, message: Message) -> None:
        """Take in what a session says, of which finals count."""
        if isinstance(message, Transcription) and message.is_final:
            self.take(message)

    def take(self, message: Transcription) -> None:
        """Take in the next final."""
        self._count += message.transcript.count(" ") + 1
        if self._count > self._most:
            self.complete = False
            return
        if message.languages is not UNSET:
            self.languages = message.languages
        if self.language is None and message.language is not UNSET:
            self.language = message.language
        if message.words is not UNSET:
            self.words += message.words
        if message.redacted_entities is not UNSET:
            self.entities += message.redacted_entities
        whole = message.full_transcript is not UNSET
        if text := (message.full_transcript or message.transcript).strip():
            self._texts = [text] if whole else [*self._texts, text]
        if message.utterances is not UNSET:
            said = list(message.utterances)
            self.utterances = said if whole else [*self.utterances, *said]


def new_request_id() -> str:
    """Make up a name for a request."""
    return f"req_{secrets.token_hex(12)}"


def merge(
    transcripts: Sequence[Transcript], *, split: bool
) -> tuple[str, list[RecordedWord], list[RecordedUtterance]]:
    """Put the channels of a recording together, in the order of what was said.

    Speakers are numbered over all channels, in the order in which they are first heard.

    Args:
        transcripts: One a channel.
        split: Whether to say what was said on which.
    """
    speakers: dict[tuple[int, int], str] = {}

    def named(channel: int, speaker: int | UnsetType) -> str | UnsetType:
        if speaker is UNSET:
            return UNSET
        return speakers.setdefault((channel, speaker), f"speaker_{len(speakers)}")

    words = sorted(
        ((channel, word) for channel, one in enumerate(transcripts) for word in one.words),
        key=lambda pair: pair[1].start,
    )
    utterances = sorted(
        ((channel, said) for channel, one in enumerate(transcripts) for said in one.utterances),
        key=lambda pair: pair[1].start,
    )
    written = [
        RecordedWord(
            word=word.word,
            start=word.start,
            end=word.end,
            confidence=word.confidence,
            speaker=named(channel, word.speaker),
            speaker_confidence=word.speaker_confidence,
            channel=channel if split else UNSET,
        )
        for channel, word in words
    ]
    said = [
        RecordedUtterance(
            text=utterance.text,
            start=utterance.start,
            end=utterance.end,
            speaker=named(channel, utterance.speaker),
            channel=channel if split else UNSET,
        )
        for channel, utterance in utterances
    ]
    text = " ".join(one.text for one in said) if split else transcripts[0].text
    return text, written, said


def answer(
    request_id: str, options: Options, transcripts: Sequence[Transcript], metadata: Metadata
) -> RecordedTranscription:
    """Return what a client is told.

    Args:
        request_id: The name of its request.
        options: What it asked for.
        transcripts: One a channel.
        metadata: How it was come by.
    """
    text, words, utterances = merge(transcripts, split=options.channels == "split")
    languages = dict.fromkeys(code for one in transcripts for code in one.languages)
    redacts, extra = options.redact_pii or options.redact_pci, options.webhook_extra
    return RecordedTranscription(
        request_id=request_id,
        transcription=text,
        audio_length=metadata.duration,
        language=next((one.language for one in transcripts if one.language), None),
        languages=tuple(languages),
        words=tuple(words) if options.word_timestamps else UNSET,
        utterances=tuple(utterances) if options.sentence_timestamps else UNSET,
        redacted_entities=(
            tuple(entity for one in transcripts for entity in one.entities) if redacts else UNSET
        ),
        metadata=metadata,
        webhook_extra=UNSET if extra is None else extra,
    )
