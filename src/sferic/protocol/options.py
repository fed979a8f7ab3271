"""The options of a stream: one table that parsing, validation, flags and documentation follow."""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import msgspec

from sferic.errors import OptionsError, Problem
from sferic.protocol.dialects import LIGHTNING, RECORDED_DIALECTS, Dialect
from sferic.protocol.values import (
    Choice,
    Flag,
    Fraction,
    Keyword,
    Keywords,
    Kind,
    Language,
    Switch,
    Text,
    Whole,
    shown,
)

Encoding = Literal["linear16", "linear32", "alaw", "mulaw", "opus", "ogg_opus"]
MOST_SPEAKERS = 16
"""That a stream may ask for."""
TELEPHONE_RATE = 8000

Group = Literal["audio", "language", "output", "text", "segments", "delivery"]


class OptionSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    kind: Kind
    group: Group
    doc: str
    """One line for flags and pages, in Markdown."""
    aliases: tuple[str, ...] = ()
    """Other names in a query; the name itself wins where both are given."""
    available: bool = True
    """Whether the feature behind it exists yet; until then only the default passes."""
    only: frozenset[str] = frozenset()
    """Names of the dialects that have it; empty, all of them and the command line."""

    @property
    def default(self) -> object:
        """The value of an `Options()` that says nothing about it."""
        return _DEFAULTS[self.name]

    @property
    def flag(self) -> str:
        """The name on a command line, such as `--word-timestamps`."""
        return "--" + self.name.replace("_", "-")

    @property
    def allowed(self) -> str:
        """What is allowed now, as a phrase that follows "it must be"."""
        if self.available:
            return self.kind.allowed
        return self.write(self.default) or "left out"

    def write(self, value: object) -> str:
        """Write a checked value as a query says it; one that is unset is an empty string."""
        return "" if value is None else self.kind.write(value)

    def parse(self, text: str) -> object:
        """Read a value from a query; an empty one unsets an option that is unset by default.

        Raises:
            ValueError: the value is not allowed.
        """
        if not text and not self.write(self.default):
            return self.default
        return self._open(self.kind.parse(text))

    def check(self, value: object) -> object:
        """Check a value from Python and return it in its normal form.

        Raises:
            ValueError: the value is not allowed.
        """
        if value is None and self.default is None:
            return value
        return self._open(self.kind.check(value))

    def _open(self, value: object) -> object:
        if self.available or value == self.default:
            return value
        message = f"it is not available yet, and must be {self.allowed}"
        raise ValueError(message)


TABLE: tuple[OptionSpec, ...] = (
    OptionSpec(
        name="model",
        kind=Choice(values=("pulse",)),
        group="language",
        doc="What the path is to serve: `pulse` is the model that this server has loaded.",
        only=frozenset({"live", "recorded"}),
    ),
    OptionSpec(
        name="encoding",
        kind=Choice(values=get_args(Encoding)),
        group="audio",
        doc="How the audio is encoded.",
    ),
    OptionSpec(
        name="sample_rate",
        kind=Choice(values=(8000, 16000, 22050, 24000, 44100, 48000)),
        group="audio",
        doc="Samples a second of the audio that is sent, in Hz.",
    ),
    OptionSpec(
        name="channels",
        kind=Choice(values=("mix", "split")),
        group="audio",
        doc="`split`: what is said on each channel is transcribed by itself, and words and "
        "sentences say on which; at most 8.",
        only=frozenset(dialect.name for dialect in RECORDED_DIALECTS),
    ),
    OptionSpec(
        name="language",
        kind=Language(),
        group="language",
        doc="The language spoken, or an aggregate: one of its languages is detected in each "
        "segment. BCP-47 forms such as `en-US` count as their language.",
    ),
    OptionSpec(
        name="word_timestamps",
        kind=Flag(),
        group="output",
        doc="Send `words` with times and confidences, on partials too.",
    ),
    OptionSpec(
        name="full_transcript",
        kind=Flag(),
        group="output",
        doc="Send `full_transcript` on finals: all finals so far, joined.",
    ),
    OptionSpec(
        name="sentence_timestamps",
        kind=Flag(),
        group="output",
        doc="Send `utterances` on finals, one a sentence: of the segment, or with "
        "`full_transcript` of the session so far.",
    ),
    OptionSpec(
        name="redact_pii",
        kind=Flag(),
        group="text",
        doc="Replace names, addresses and other personal data by placeholders; partials then show "
        "settled words only.",
    ),
    OptionSpec(
        name="redact_pci",
        kind=Flag(),
        group="text",
        doc="Replace card and account numbers, and what goes with them, by placeholders.",
    ),
    OptionSpec(
        name="numerals",
        kind=Switch(third="auto"),
        group="text",
        doc="Write spoken numbers as digits: always, never, or where writing has them.",
    ),
    OptionSpec(
        name="diarize",
        kind=Flag(),
        group="output",
        doc="Say on finals for each word who spoke it, numbered from 0 in order of appearance.",
    ),
    OptionSpec(
        name="max_speakers",
        kind=Whole(minimum=1, maximum=MOST_SPEAKERS),
        group="output",
        doc="With `diarize`: how many speakers there are at most; unset, 8.",
    ),
    OptionSpec(
        name="min_speakers",
        kind=Whole(minimum=1, maximum=MOST_SPEAKERS),
        group="output",
        doc="With `diarize`: how many speakers there are at least; until they have been heard, a "
        "voice is sooner taken for a new one.",
    ),
    OptionSpec(
        name="itn_normalize",
        kind=Flag(),
        group="text",
        doc="Write money, dates, phone numbers and e-mail addresses out on finals; unset, it "
        "follows `numerals`, and with `numerals=false` there is none.",
    ),
    OptionSpec(
        name="format",
        kind=Flag(),
        group="text",
        doc="`false`: no punctuation, no capitals, no number formatting, whatever else is asked.",
    ),
    OptionSpec(
        name="punctuate",
        kind=Flag(),
        group="text",
        doc="`false`: no punctuation.",
    ),
    OptionSpec(
        name="capitalize",
        kind=Flag(),
        group="text",
        doc="`false`: no capitals.",
    ),
    OptionSpec(
        name="endpointing",
        kind=Flag(),
        group="segments",
        doc="End a segment after `endpointing_timeout` of silence; `false`: after "
        "`eou_timeout_ms` only.",
    ),
    OptionSpec(
        name="endpointing_timeout",
        kind=Whole(minimum=100, maximum=10_000),
        group="segments",
        doc="Milliseconds of silence that end a segment with `endpointing`.",
    ),
    OptionSpec(
        name="eou_timeout_ms",
        kind=Whole(minimum=100, maximum=10_000),
        group="segments",
        doc="Milliseconds of silence that end a segment in any case: with `endpointing` a "
        "ceiling, without it the one timer.",
    ),
    OptionSpec(
        name="finalize_on_words",
        kind=Flag(),
        group="segments",
        doc="Long speech without a pause may be cut into several finals; `false`: only after a "
        "thousand words.",
    ),
    OptionSpec(
        name="max_words",
        kind=Whole(minimum=1, maximum=1000),
        group="segments",
        doc="End a segment after this many words; unset, words are not counted.",
    ),
    OptionSpec(
        name="vad_events",
        kind=Flag(),
        group="output",
        aliases=("vad",),
        doc="Send `speech_started` and `speech_ended`.",
    ),
    OptionSpec(
        name="vad_threshold",
        kind=Fraction(above=0, below=1),
        group="segments",
        doc="Probability of speech from which a moment counts as speech.",
    ),
    OptionSpec(
        name="vad_min_speech_ms",
        kind=Whole(minimum=0, maximum=10_000),
        group="segments",
        doc="The shortest stretch that counts as speech, in milliseconds.",
    ),
    OptionSpec(
        name="keywords",
        kind=Keywords(),
        group="language",
        doc="Words and phrases to expect, case-sensitive, each with a boost of 1 if it says none.",
    ),
    OptionSpec(
        name="no_format_delay",
        kind=Flag(),
        group="text",
        doc="Do not hold back a number that is still being dictated, unless it may have to be "
        "redacted.",
    ),
    OptionSpec(
        name="webhook_url",
        kind=Text(
            pattern=r"https?://[\x21-\x7e]{1,2000}",
            allowed="an http or https URL of up to 2000 characters",
        ),
        group="delivery",
        doc="Where the results are sent when all is done; see [recordings](prerecorded.md).",
    ),
    OptionSpec(
        name="webhook_method",
        kind=Choice(values=("GET", "POST")),
        group="delivery",
        doc="The HTTP method of that request; unset, POST. GET has no body and only tells that the "
        "results are there.",
    ),
    OptionSpec(
        name="webhook_extra",
        kind=Text(
            pattern=r"[^\x00-\x1f\ud800-\udfff]{1,4096}", allowed="a text of up to 4096 characters"
        ),
        group="delivery",
        doc="A text of yours that comes back in that request.",
    ),
    OptionSpec(
        name="external_session_id",
        kind=Text(
            pattern=r"[A-Za-z0-9_.-]{1,128}",
            allowed="1 to 128 letters, digits, underscores, dots and hyphens",
        ),
        group="delivery",
        doc="Your own name of the session; the server's log has it beside its own.",
    ),
)
"""Every option, in the order of the documentation."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream asks for; `TABLE` says what each option means and allows.

    Values are checked on construction, and `language` is folded to its code.

    Raises:
        OptionsError: one or more values are not allowed; it lists them all.
    """

    model: Literal["pulse"] = "pulse"
    encoding: Encoding = "linear16"
    sample_rate: int = 16_000
    channels: Literal["mix", "split"] = "mix"
    language: str = "en"
    word_timestamps: bool = True
    full_transcript: bool = False
    sentence_timestamps: bool = False
    redact_pii: bool = False
    redact_pci: bool = False
    numerals: Literal["true", "false", "auto"] = "auto"
    diarize: bool = False
    max_speakers: int | None = None
    min_speakers: int | None = None
    itn_normalize: bool | None = None
    format: bool = True
    punctuate: bool = True
    capitalize: bool = True
    endpointing: bool = True
    endpointing_timeout: int = 600
    eou_timeout_ms: int = 800
    finalize_on_words: bool = True
    max_words: int | None = None
    vad_events: bool = False
    vad_threshold: float = 0.5
    vad_min_speech_ms: int = 100
    keywords: tuple[Keyword, ...] = ()
    no_format_delay: bool = False
    webhook_url: str | None = None
    webhook_method: Literal["GET", "POST"] | None = None
    webhook_extra: str | None = None
    external_session_id: str | None = None

    def __post_init__(self) -> None:
        problems = []
        for spec in TABLE:
            value = getattr(self, spec.name)
            try:
                checked = spec.check(value)
            except ValueError as error:
                problems.append(_problem(spec, spec.name, repr(value), error))
            else:
                msgspec.structs.force_setattr(self, spec.name, checked)
        if not problems:
            problems = self._contradictions()
        if problems:
            raise OptionsError(problems)

    @property
    def telephone(self) -> bool:
        """Whether the audio comes over the telephone, as far as its form tells."""
        return self.sample_rate == TELEPHONE_RATE or self.encoding in ("alaw", "mulaw")

    def _contradictions(self) -> list[Problem]:
        least, most = self.min_speakers, self.max_speakers
        if least is None or most is None or least <= most:
            return []
        allowed = f"at most max_speakers, which is {most}"
        error = ValueError(f"it must be {allowed}")
        (spec,) = (spec for spec in TABLE if spec.name == "min_speakers")
        problem = _problem(spec, spec.name, str(least), error)
        return [msgspec.structs.replace(problem, allowed=allowed)]

    @property
    def endpoint_silence_ms(self) -> int:
        """Milliseconds of trailing silence that end a segment."""
        if self.endpointing:
            return min(self.endpointing_timeout, self.eou_timeout_ms)
        return self.eou_timeout_ms

    def query(self, dialect: Dialect = LIGHTNING) -> list[tuple[str, str]]:
        """Return what a path requires or has other defaults for, as the pairs of a query."""
        values = ((spec, getattr(self, spec.name)) for spec in rows(dialect))
        return [
            (spec.name, spec.write(value))
            for spec, value in values
            if spec.name in dialect.required or value != dialect.default(spec.name, spec.default)
        ]


_DEFAULTS: Mapping[str, object] = {
    field.name: field.default for field in msgspec.structs.fields(Options)
}
_BY_NAME = {name: spec for spec in TABLE for name in (spec.name, *spec.aliases)}


def rows(dialect: Dialect) -> tuple[OptionSpec, ...]:
    """Return the part of the table that a dialect has."""
    return tuple(
        spec
        for spec in TABLE
        if spec.name not in dialect.lacks and (not spec.only or dialect.name in spec.only)
    )


def parse_options(query: Iterable[tuple[str, str]], *, dialect: Dialect = LIGHTNING) -> Options:
    """Read the options of a stream from the decoded pairs of a query.

    Names that the dialect does not have are ignored. A name may come twice only if both say the
    same.

    Args:
        query: Names and values, as they came.
        dialect: The defaults and requirements of the path.

    Raises:
        OptionsError: one or more values are not allowed; it lists them all, in the order of the
            table.
    """
    given: dict[str, list[str]] = {}
    for name, text in query:
        if name in _BY_NAME:
            given.setdefault(name, []).append(text)
    values = dict(dialect.defaults)
    problems: list[Problem] = []
    for spec in rows(dialect):
        names = [name for name in (*spec.aliases, spec.name) if name in given]
        if not names and spec.name in dialect.required:
            problems.append(_missing(spec))
        for name in names:
            try:
                values[spec.name] = _agreed(spec, name, given[name])
            except OptionsError as error:
                problems += error.problems
    if problems:
        raise OptionsError(problems)
    return msgspec.structs.replace(Options(), **values)


def _agreed(spec: OptionSpec, name: str, texts: list[str]) -> object:
    values = []
    for text in texts:
        try:
            values.append(spec.parse(text))
        except ValueError as error:
            raise OptionsError([_problem(spec, name, text, error)]) from None
    if all(value == values[0] for value in values):
        return values[0]
    both = ", ".join(dict.fromkeys(texts))
    repeated = ValueError("it is given more than once, and differently")
    raise OptionsError([_problem(spec, name, both, repeated)])


def _problem(spec: OptionSpec, name: str, value: str, error: ValueError) -> Problem:
    reason = str(error) or f"it must be {spec.allowed}"
    return Problem(
        parameter=name,
        value=shown(value),
        allowed=spec.allowed,
        message=f"{name}={shown(value)} is not allowed: {reason}",
    )


def _missing(spec: OptionSpec) -> Problem:
    return Problem(
        parameter=spec.name,
        value="",
        allowed=spec.allowed,
        message=f"{spec.name} is missing: it must be {spec.allowed}",
    )
