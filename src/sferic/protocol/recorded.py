"""The answer to a recording: what was said in it, all at once."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from sferic.protocol.messages import Transcription, Utterance, WordItem


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
    file_size: int = msgspec.field(name="fileSize")
    """Bytes that came."""
    channels: int


class RecordedTranscription(msgspec.Struct, frozen=True, kw_only=True):
    """The transcript of a whole recording; a field that was not asked for is UNSET."""

    status: str = "success"
    request_id: str
    transcription: str
    audio_length: float
    """Seconds."""
    language: str | None
    languages: tuple[str, ...]
    words: tuple[RecordedWord, ...] | UnsetType = UNSET
    utterances: tuple[RecordedUtterance, ...] | UnsetType = UNSET
    redacted_entities: tuple[str, ...] | UnsetType = UNSET
    metadata: Metadata


class Transcript:
    """What the finals of one stream come to.

    The stream is to be asked for `full_transcript`, `sentence_timestamps` and `word_timestamps`.
    """

    def __init__(self) -> None:
        self.text = ""
        self.language: str | None = None
        self.languages: tuple[str, ...] = ()
        self.words: list[WordItem] = []
        self.utterances: Sequence[Utterance] = ()
        self.entities: list[str] = []

    def take(self, message: Transcription) -> None:
        """Take in the next final."""
        if message.full_transcript is not UNSET:
            self.text = message.full_transcript
        if message.languages is not UNSET:
            self.languages = message.languages
        if self.language is None and message.language is not UNSET:
            self.language = message.language
        if message.words is not UNSET:
            self.words += message.words
        if message.utterances is not UNSET:
            self.utterances = message.utterances
        if message.redacted_entities is not UNSET:
            self.entities += message.redacted_entities


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
