"""Messages of the wire, both ways; the order of the fields is the order on the wire."""

from typing import Annotated, ClassVar, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from sferic.errors import Problem, SfericError
from sferic.protocol.values import shown

LONGEST_CONTROL = 65_536
"""Characters of a client's text message that are looked into; a longer one is unknown."""


class WordItem(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a transcription; times in seconds from the first audio frame."""

    word: Annotated[str, Meta(description="As it stands in the transcript, with its punctuation.")]
    start: float
    end: float
    confidence: float
    speaker: Annotated[
        int | UnsetType, Meta(description="On finals with `diarize`: numbered from 0 as heard.")
    ] = UNSET
    speaker_confidence: float | UnsetType = UNSET


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence; times in seconds from the first audio frame."""

    text: str
    start: float
    end: float
    speaker: int | UnsetType = UNSET


class Transcription(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="transcription"
):
    """A partial or final transcript of one segment; a field that does not apply is left out."""

    type: ClassVar[str] = "transcription"
    status: str = "success"
    session_id: Annotated[str, Meta(description="The server's name of the session.")]
    transcript: Annotated[str, Meta(description="The text of the segment that is open, or ends.")]
    transcription: Annotated[
        str, Meta(description="The same text: clients read the one or the other.")
    ]
    is_final: Annotated[bool, Meta(description="Whether the segment will not be revised.")]
    is_last: Annotated[bool, Meta(description="Whether nothing follows.")]
    from_finalize: Annotated[
        bool | UnsetType,
        Meta(description="On finals of the pulse paths: whether it answers a `finalize`."),
    ] = UNSET
    full_transcript: Annotated[
        str | UnsetType,
        Meta(description="On finals with `full_transcript`: all finals so far, joined."),
    ] = UNSET
    language: Annotated[
        str | UnsetType | None,
        Meta(description="On finals: of the segment; null if nothing was said in any language."),
    ] = UNSET
    languages: Annotated[
        tuple[str, ...] | UnsetType,
        Meta(description="On finals: all of the session so far, in the order they were heard."),
    ] = UNSET
    words: Annotated[
        tuple[WordItem, ...] | UnsetType, Meta(description="With `word_timestamps`.")
    ] = UNSET
    utterances: Annotated[
        tuple[Utterance, ...] | UnsetType,
        Meta(
            description="On finals with `sentence_timestamps`: of the segment, or with "
            "`full_transcript` of the session so far."
        ),
    ] = UNSET
    redacted_entities: Annotated[
        tuple[str, ...] | UnsetType,
        Meta(description="With redaction: the placeholders in this message, in order."),
    ] = UNSET


class SpeechStarted(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="speech_started"
):
    """Somebody began to speak, `timestamp` seconds after the first audio frame."""

    type: ClassVar[str] = "speech_started"
    session_id: str
    timestamp: float


class SpeechEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="speech_ended"):
    """They stopped, `timestamp` seconds after the first audio frame."""

    type: ClassVar[str] = "speech_ended"
    session_id: str
    timestamp: float


class Warning(  # noqa: A001
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="warning"
):
    """Something was wrong and the session goes on."""

    type: ClassVar[str] = "warning"
    code: str
    message: str


class ErrorMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """Something was wrong and the session, or the request for one, ends."""

    type: ClassVar[str] = "error"
    status: str = "error"
    code: Annotated[str, Meta(description="A name for machines.")]
    message: Annotated[str, Meta(description="A sentence for people.")]
    errors: Annotated[
        tuple[Problem, ...],
        Meta(description="What is wrong with each parameter, where parameters are wrong."),
    ] = ()

    @classmethod
    def of(cls, error: SfericError) -> "ErrorMessage":
        """Say an error on the wire."""
        problems = getattr(error, "problems", None) or (getattr(error, "problem", None),)
        return cls(
            code=error.code,
            message=str(error),
            errors=tuple(problem for problem in problems if isinstance(problem, Problem)),
        )


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """The answer to `keepalive`."""

    type: ClassVar[str] = "pong"


Message: TypeAlias = Transcription | SpeechStarted | SpeechEnded | Warning | ErrorMessage | Pong
"""Everything that a server sends."""

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Message) -> str:
    """Write a message as the JSON text of one WebSocket text message."""
    return _ENCODER.encode(message).decode()


def decode(text: str | bytes) -> Message:
    """Read a message that a server sent; fields that are not known are ignored.

    Raises:
        msgspec.DecodeError: it is not JSON, or none of the messages here.
    """
    return _DECODER.decode(text)


class Finalize(msgspec.Struct, frozen=True, tag_field="type", tag="finalize"):
    """Flush what is pending: `{"type":"finalize"}`, or `{"flag":"END"}` as older clients say."""


class CloseStream(msgspec.Struct, frozen=True, tag_field="type", tag="close_stream"):
    """End the session: `{"type":"close_stream"}`, or `{"type":"end"}` as older clients say."""


class Keepalive(msgspec.Struct, frozen=True, tag_field="type", tag="keepalive"):
    """Reset the idle timer and answer `pong`: `{"type":"keepalive"}`."""


class Unknown(msgspec.Struct, frozen=True):
    """Anything else."""

    text: str
    """The beginning of it, safe to repeat."""

    def warning(self) -> Warning:
        """Return the answer to it."""
        return Warning(
            code="unknown_message",
            message=(
                f"this text message was not understood and is ignored: '{self.text}'. "
                'Known are {"type":"finalize"}, {"type":"close_stream"} and '
                '{"type":"keepalive"}; audio goes into binary messages'
            ),
        )


Request: TypeAlias = Finalize | CloseStream | Keepalive
"""Everything that a client says in text and is understood."""

Control: TypeAlias = Request | Unknown
"""Everything that a client says in text."""


class _Envelope(msgspec.Struct):
    type: object = None
    flag: object = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_TYPES: dict[str, Control] = {
    "finalize": Finalize(),
    "close_stream": CloseStream(),
    "end": CloseStream(),
    "keepalive": Keepalive(),
}


def parse_control(text: str) -> Control:
    """Read a text message of a client; whatever it is, this does not raise."""
    if len(text) <= LONGEST_CONTROL:
        try:
            envelope = _ENVELOPE.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return Unknown(shown(text))
        if isinstance(envelope.type, str) and envelope.type in _TYPES:
            return _TYPES[envelope.type]
        if envelope.type is None and envelope.flag == "END":
            return Finalize()
    return Unknown(shown(text))
