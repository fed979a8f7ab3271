"""Settings of the process: one table that the file, the environment, flags and the manual follow.

A setting comes from, in rising order: its default, a TOML file (`--config` or `SFERIC_CONFIG`),
the environment (`SFERIC_PORT` for `port`), a flag (`--port`).
"""

import ipaddress
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta
from msgspec.inspect import (
    FloatType,
    IntType,
    LiteralType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from sferic.errors import InvalidSettingsError, Problem
from sferic.languages import fold, is_known

PREFIX = "SFERIC_"
"""What the names of environment variables begin with."""

FILE_VARIABLE = f"{PREFIX}CONFIG"
"""The environment variable that names the file."""

KEY_CHARACTERS = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
"""A key: what a subprotocol may hold (a token of RFC 9110), since browsers send it as one."""

_ORIGIN = re.compile(r"\*|null|https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_ORIGIN_ALLOWED = (
    "https://HOST, http://HOST or either with :PORT, in small letters and without a path; null; "
    "or * for all"
)
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_CREDENTIALS = re.compile(r"://[^/@]*@")
_VISIBLE = re.compile(r"[\x21-\x7e]{1,256}")
_PATHS = ("tls_cert", "tls_key", "key_database", "model", "spool_folder", "job_database")

Group = Literal["listening", "recognition", "keys", "limits", "recordings", "operation"]


def _about(group: Group, *, secret: bool = False) -> dict[str, object]:
    return {"group": group, "secret": secret}


class Route(msgspec.Struct, frozen=True):
    """A row of the table of models."""

    languages: str
    """A code, an aggregate, or `*` for all that the model knows."""
    model: str
    """A name of the catalogue, or a folder."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told; the fields are the table.

    Made by `load_settings` from the outside. Made in Python, types are the caller's business, and
    everything else is checked the same way.

    Raises:
        InvalidSettingsError: one or more settings are not allowed; it lists them all.
    """

    host: Annotated[
        str,
        Meta(
            description="Address to listen on. `0.0.0.0` or `::` is every address of the machine; "
            "with `--dev` it is always loopback.",
            extra=_about("listening"),
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65_535, description="Port to listen on.", extra=_about("listening")),
    ] = 8080
    tls_cert: Annotated[
        str | None,
        Meta(
            description="PEM file with the certificate chain; with `tls_key` it turns on `wss` "
            "and `https`.",
            extra=_about("listening"),
        ),
    ] = None
    tls_key: Annotated[
        str | None,
        Meta(
            description="PEM file with the private key of `tls_cert`, not encrypted.",
            extra=_about("listening"),
        ),
    ] = None
    allowed_origins: Annotated[
        tuple[str, ...],
        Meta(
            description="Origins whose pages may connect from a browser, such as "
            "`https://app.example.com`; `*` is all. A page of this server always may, and so may "
            "clients that send no `Origin`.",
            extra=_about("listening"),
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks of reverse proxies whose `X-Forwarded-For` and "
            "`X-Forwarded-Proto` are believed; `*` is all.",
            extra=_about("listening"),
        ),
    ] = ("127.0.0.1", "::1")

    model: Annotated[
        str,
        Meta(
            description="A name of `sferic models list`, fetched when it is missing, or a folder.",
            extra=_about("recognition"),
        ),
    ] = "whisper-base"
    route: Annotated[
        tuple[str, ...],
        Meta(
            description="Several models, each for its languages, in the place of `model`: "
            "`LANGUAGE=MODEL`, the language being a code, an aggregate or `*` for all that the "
            "model knows. The first that fits a stream serves it. The flag may be given again and "
            "again.",
            extra=_about("recognition"),
        ),
    ] = ()
    model_idle_s: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds after which a model that no stream uses any more is let go, to be "
            "loaded again for the next; `0` keeps all.",
            extra=_about("recognition"),
        ),
    ] = 0.0
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        Meta(description="Where models run.", extra=_about("recognition")),
    ] = "auto"
    compute_type: Annotated[
        Literal[
            "auto",
            "int8",
            "int8_float32",
            "int8_float16",
            "int8_bfloat16",
            "int16",
            "float16",
            "bfloat16",
            "float32",
        ],
        Meta(
            description="Number format of the weights; `auto` is the fastest one that costs no "
            "accuracy worth speaking of on the device.",
            extra=_about("recognition"),
        ),
    ] = "auto"
    workers: Annotated[
        int,
        Meta(
            ge=0,
            le=256,
            description="Segments decoded at the same time; `0` is one a core and at most eight, "
            "on a GPU two batches.",
            extra=_about("recognition"),
        ),
    ] = 0
    threads: Annotated[
        int,
        Meta(
            ge=1,
            le=256,
            description="CPU threads of each worker. More workers help more than more threads.",
            extra=_about("recognition"),
        ),
    ] = 1
    batch: Annotated[
        int,
        Meta(
            ge=0,
            le=64,
            description="Segments that a GPU decodes in one batch at most; `0` is eight, `1` is "
            "each by itself, as it always is on a CPU.",
            extra=_about("recognition"),
        ),
    ] = 0

    partial_interval_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=60_000,
            description="Milliseconds of new speech after which a stream gets a partial when the "
            "machine is idle; under load up to 1350. `0` sends finals only.",
            extra=_about("recognition"),
        ),
    ] = 300
    diarization: Annotated[
        Literal["auto", "on", "off"],
        Meta(
            description="Whether the models that tell speakers apart are loaded, and fetched when "
            "they are missing. `auto` goes on without them where they cannot be had; streams with "
            "`diarize` are then refused, as they are with `off`.",
            extra=_about("recognition"),
        ),
    ] = "auto"
    ner: Annotated[
        str,
        Meta(
            description="What finds names beside the rules of redaction: `off`, `spacy` for the "
            "models of spaCy that are installed (`pip install 'sferic[ner]'`), or the folder of a "
            "pipeline.",
            extra=_about("recognition"),
        ),
    ] = "off"
    speaker_threshold: Annotated[
        float,
        Meta(
            ge=-1,
            le=1,
            description="Likeness below which a voice is another speaker's; 1 is the same voice. "
            "Higher tells more speakers apart, lower fewer.",
            extra=_about("recognition"),
        ),
    ] = 0.55
    speaker_threshold_telephone: Annotated[
        float,
        Meta(
            ge=-1,
            le=1,
            description="The same for streams at 8000 Hz, or in A-law or µ-law: the telephone "
            "makes voices more alike.",
            extra=_about("recognition"),
        ),
    ] = 0.68

    key_database: Annotated[
        str | None,
        Meta(
            description="Where keys are stored, as hashes: a SQLite file, or a SQLAlchemy URL. "
            "Unset, it is `keys.db` in the user's data folder.",
            extra=_about("keys"),
        ),
    ] = None
    api_keys: Annotated[
        tuple[str, ...],
        Meta(
            description="Keys that count without a database, for containers and tests.",
            extra=_about("keys", secret=True),
        ),
    ] = ()
    metrics_token: Annotated[
        str | None,
        Meta(
            description="Bearer token that opens `/metrics`. Unset, there is no such page.",
            extra=_about("keys", secret=True),
        ),
    ] = None

    final_latency_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=60_000,
            description="Milliseconds from the decision that somebody has finished to a final of "
            "average length, after a wait that 95 % of finals do not exceed. No more streams are "
            "taken than this machine holds so; `0` takes them all.",
            extra=_about("limits"),
        ),
    ] = 700
    max_sessions: Annotated[
        int,
        Meta(
            ge=0,
            description="Sessions open at once, whatever the machine holds; `0` is no limit.",
            extra=_about("limits"),
        ),
    ] = 0
    max_sessions_per_key: Annotated[
        int,
        Meta(
            ge=0,
            description="Sessions that one key may have open at once; `0` is no limit.",
            extra=_about("limits"),
        ),
    ] = 0
    idle_timeout_s: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds without a message from the client, all its audio being done, "
            "after which a session ends; `0` is never.",
            extra=_about("limits"),
        ),
    ] = 60.0
    session_limit_s: Annotated[
        float,
        Meta(
            ge=0,
            description="Longest session, in seconds of time or of audio, whichever is reached "
            "first; `0` is no limit.",
            extra=_about("limits"),
        ),
    ] = 14_400.0
    read_ahead_mb: Annotated[
        int,
        Meta(
            ge=0,
            description="Megabytes that all connections together may hold of audio that came "
            "faster than it is recognised, so that pings behind it are still answered.",
            extra=_about("limits"),
        ),
    ] = 512
    drain_timeout_s: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds that open sessions get for their last transcript when the "
            "server is told to stop.",
            extra=_about("limits"),
        ),
    ] = 30.0

    spool_folder: Annotated[
        str | None,
        Meta(
            description="Where recordings lie while they wait or are transcribed. Unset, it is "
            "`spool` in the user's data folder.",
            extra=_about("recordings"),
        ),
    ] = None
    spool_mb: Annotated[
        int,
        Meta(
            ge=1,
            description="Megabytes on disk that all recordings together may take.",
            extra=_about("recordings"),
        ),
    ] = 20_000
    max_recording_mb: Annotated[
        int,
        Meta(
            ge=1,
            description="Megabytes of the largest recording that is taken.",
            extra=_about("recordings"),
        ),
    ] = 2_000
    max_recording_s: Annotated[
        float,
        Meta(
            ge=1,
            description="Seconds of audio in the longest recording that is taken.",
            extra=_about("recordings"),
        ),
    ] = 21_600.0
    recordings_at_once: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Recordings that are transcribed at the same time; others wait.",
            extra=_about("recordings"),
        ),
    ] = 4
    recordings_waiting: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="Recordings that wait for their turn while their clients wait for the "
            "answer; further ones are refused.",
            extra=_about("recordings"),
        ),
    ] = 32
    allowed_hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Hosts, addresses and networks that clients may have this server request, "
            "by `url` and `webhook_url`, although they are not of the public internet, such as "
            "`media.internal` or `10.1.0.0/16`.",
            extra=_about("recordings"),
        ),
    ] = ()
    fetch_timeout_s: Annotated[
        float,
        Meta(
            ge=1,
            description="Seconds that fetching a recording from its `url` may take.",
            extra=_about("recordings"),
        ),
    ] = 3_600.0
    job_database: Annotated[
        str | None,
        Meta(
            description="Where requests with a `webhook_url` and their results are stored: a "
            "SQLite file, or a SQLAlchemy URL. Unset, it is `jobs.db` in the user's data folder.",
            extra=_about("recordings"),
        ),
    ] = None
    max_jobs: Annotated[
        int,
        Meta(
            ge=0,
            description="Requests with a `webhook_url` that may be under way, their delivery "
            "included; further ones are refused.",
            extra=_about("recordings"),
        ),
    ] = 1_000
    job_retention_s: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds that a request and its result can be looked at after the "
            "delivery, or the last attempt at it.",
            extra=_about("recordings"),
        ),
    ] = 86_400.0
    webhook_attempts: Annotated[
        int,
        Meta(
            ge=1,
            le=30,
            description="Attempts at a delivery before it is given up. The wait after the first "
            "is 5 s, then three times the one before, an hour at most.",
            extra=_about("recordings"),
        ),
    ] = 10
    webhook_timeout_s: Annotated[
        float,
        Meta(
            ge=1,
            le=300,
            description="Seconds in which a receiver must have answered a delivery.",
            extra=_about("recordings"),
        ),
    ] = 15.0

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="How much is logged.", extra=_about("operation")),
    ] = "info"

    def __post_init__(self) -> None:
        if problems := [*_contradictions(self)]:
            raise InvalidSettingsError(problems)

    @property
    def routes(self) -> tuple[Route, ...]:
        """The table of `route`."""
        parted = (text.partition("=") for text in self.route)
        return tuple(Route(fold(language), model) for language, _, model in parted)

    def __repr__(self) -> str:
        shown = (f"{spec.name}={spec.show(getattr(self, spec.name))}" for spec in TABLE)
        return f"Settings({', '.join(shown)})"


class SettingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    type: Type
    """What msgspec knows of the type, without `None`."""
    annotation: object
    default: object
    group: str
    doc: str
    secret: bool

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str | None:
        """The flag; a secret has none, because arguments can be seen by other users."""
        return None if self.secret else "--" + self.name.replace("_", "-")

    @property
    def allowed(self) -> str:
        """What is allowed, as a phrase that follows "it must be"."""
        match self.type:
            case IntType(ge=low, le=high):
                return _range("a whole number", low, high)
            case FloatType(ge=low, le=high):
                return _range("a number", low, high)
            case LiteralType():
                return "one of " + ", ".join(get_args(get_args(self.annotation)[0]))
            case VarTupleType():
                return "a list of texts (separated by commas outside the file)"
            case _:
                return "a text"

    def show(self, value: object) -> str:
        """Write a value for people; one of a secret is not told."""
        if self.secret and value:
            return "(secret)"
        if isinstance(value, tuple):
            return ",".join(value)
        return "" if value is None else _CREDENTIALS.sub("://***@", str(value))

    def parse(self, text: str) -> object:
        """Read a value from the environment or a flag.

        Raises:
            ValueError: the value is not allowed.
        """
        match self.type:
            case IntType():
                return self.check(int(text))
            case FloatType():
                return self.check(float(text))
            case VarTupleType():
                parts = (part.strip() for part in text.split(","))
                return self.check([part for part in parts if part])
            case _:
                return self.check(text)

    def check(self, value: object) -> object:
        """Check a value from a file and return it in its normal form.

        Raises:
            ValueError: the value is not allowed.
        """
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError
        return msgspec.convert(value, self.annotation)


def load_settings(
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str | Sequence[str] | None] | None = None,
) -> Settings:
    """Read the settings from all their places.

    Args:
        file: A TOML file; unset, the one that `SFERIC_CONFIG` names, if it does.
        environment: Variables; unset, those of the process. An empty one counts as unset.
        flags: Values from a command line, by name of the setting; those that are None are unset,
            those of a list may be several.

    Raises:
        InvalidSettingsError: the file cannot be read, or settings are unknown or not allowed; it
            lists them all.
    """
    variables = os.environ if environment is None else environment
    if file is None and variables.get(FILE_VARIABLE):
        file = Path(variables[FILE_VARIABLE])
    reading = _Reading()
    if file is not None:
        reading.file(file)
    for spec in TABLE:
        if text := variables.get(spec.variable):
            reading.take(spec, text, spec.parse, source=spec.variable)
        flag = (flags or {}).get(spec.name)
        if spec.flag and flag is not None and flag != []:
            text = flag if isinstance(flag, str) else ",".join(flag)
            reading.take(spec, text, spec.parse, source=spec.flag)
    return reading.settings()


def document() -> str:
    """Return the table in Markdown, as it stands in the manual."""
    lines = [
        "| setting | default | what it is |",
        "| --- | --- | --- |",
    ]
    for spec in TABLE:
        default = f"`{shown}`" if (shown := spec.show(spec.default)) else "unset"
        names = "environment or file only" if spec.secret else f"`{spec.flag}`"
        allowed = (
            "" if spec.allowed == "a text" else f" {spec.allowed[0].upper()}{spec.allowed[1:]}."
        )
        lines.append(
            f"| `{spec.name}`<br>`{spec.variable}`<br>{names} | {default} | {spec.doc}{allowed} |"
        )
    return "\n".join(lines) + "\n"


def _table() -> tuple[SettingSpec, ...]:
    rows = []
    for field in msgspec.structs.fields(Settings):
        meta = field.type.__metadata__[0]
        kind = type_info(field.type)
        while isinstance(kind, msgspec.inspect.Metadata):
            kind = kind.type
        if isinstance(kind, UnionType):
            kind = kind.types[0]
        rows.append(
            SettingSpec(
                name=field.name,
                type=kind,
                annotation=field.type,
                default=field.default,
                group=meta.extra["group"],
                doc=meta.description,
                secret=meta.extra["secret"],
            )
        )
    return tuple(rows)


_Value = TypeVar("_Value")


class _Reading:
    """Values and problems, as they come together."""

    def __init__(self) -> None:
        self._values: dict[str, object] = {}
        self._problems: list[Problem] = []

    def file(self, file: Path) -> None:
        try:
            given = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or error
            message = f"the configuration file {file} cannot be read: {reason}"
            self._wrong("config", str(file), "a TOML file", message)
            return
        for name, value in given.items():
            if (spec := _BY_NAME.get(name)) is None:
                known = ", ".join(_BY_NAME)
                message = f"{name} in {file} is no setting; known are: {known}"
                self._wrong(name, "", known, message)
                continue
            self.take(spec, value, spec.check, source=str(file))
            if name in _PATHS and isinstance(self._values.get(name), str):
                self._values[name] = _beside(file, name, str(value))
            if name == "route" and isinstance(self._values.get(name), tuple):
                self._values[name] = tuple(_route_beside(file, str(text)) for text in value)

    def take(
        self,
        spec: SettingSpec,
        value: _Value,
        read: Callable[[_Value], object],
        *,
        source: str,
    ) -> None:
        try:
            self._values[spec.name] = read(value)
        except ValueError:
            shown, told = ("", "") if spec.secret else (str(value), f"={value}")
            message = f"{spec.name}{told} (from {source}) is not allowed: it must be {spec.allowed}"
            self._wrong(spec.name, shown, spec.allowed, message)

    def settings(self) -> Settings:
        settings = Settings()
        try:
            settings = msgspec.structs.replace(settings, **self._values)
        except InvalidSettingsError as error:
            self._problems += error.problems
        if self._problems:
            raise InvalidSettingsError(self._problems)
        return settings

    def _wrong(self, name: str, value: str, allowed: str, message: str) -> None:
        self._problems.append(
            Problem(parameter=name, value=value, allowed=allowed, message=message)
        )


def _contradictions(settings: Settings) -> Iterator[Problem]:
    """What types do not say."""
    for name in ("host", "model"):
        if not getattr(settings, name):
            yield _wrong(name, "", "not empty")
    yield from _bad_rows(settings)
    if settings.device == "cpu" and settings.batch > 1:
        yield _wrong("batch", str(settings.batch), "0 or 1, because device is cpu")
    yield from _half_of_tls(settings)
    yield from _bad_secrets(settings)


def _bad_rows(settings: Settings) -> Iterator[Problem]:
    """Rows of lists that mean nothing."""
    for origin in settings.allowed_origins:
        if not _ORIGIN.fullmatch(origin):
            yield _wrong("allowed_origins", origin, _ORIGIN_ALLOWED)
    for proxy in settings.trusted_proxies:
        if proxy != "*" and not _is_network(proxy):
            yield _wrong("trusted_proxies", proxy, "an address, a network such as 10.0.0.0/8, or *")
    for host in settings.allowed_hosts:
        if not _HOST.fullmatch(host) and not _is_network(host):
            yield _wrong("allowed_hosts", host, "a host name, an address or a network")
    for text in settings.route:
        language, equals, model = text.partition("=")
        if not (equals and model and (language == "*" or is_known(fold(language)))):
            allowed = "LANGUAGE=MODEL, with a code, an aggregate or * as language"
            yield _wrong("route", text, allowed)


def _half_of_tls(settings: Settings) -> Iterator[Problem]:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        given, lacking = "tls_cert", "tls_key"
        if settings.tls_cert is None:
            given, lacking = lacking, given
        allowed = f"set, because {given} is: TLS needs both, plain HTTP neither"
        yield _wrong(lacking, "", allowed)


def _bad_secrets(settings: Settings) -> Iterator[Problem]:
    for position, key in enumerate(settings.api_keys, start=1):
        if not KEY_CHARACTERS.fullmatch(key):
            allowed = "1 to 256 of A to Z, a to z, 0 to 9 and !#$%&'*+-.^_`|~"
            message = f"key {position} of api_keys is not allowed: it must be {allowed}"
            yield Problem(parameter="api_keys", value="", allowed=allowed, message=message)
    token = settings.metrics_token
    if token is not None and not _VISIBLE.fullmatch(token):
        allowed = "1 to 256 visible ASCII characters"
        message = f"metrics_token is not allowed: it must be {allowed}"
        yield Problem(parameter="metrics_token", value="", allowed=allowed, message=message)


def _wrong(name: str, value: str, allowed: str) -> Problem:
    message = f"{name}={value} is not allowed: it must be {allowed}"
    return Problem(parameter=name, value=value, allowed=allowed, message=message)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _beside(file: Path, name: str, value: str) -> str:
    """A relative path in a file is meant from the folder of the file."""
    names_a_thing = name == "model" and not value.startswith(("./", "../", "~"))
    if names_a_thing or "://" in value:
        return value
    return str(file.parent / Path(value).expanduser())


def _route_beside(file: Path, text: str) -> str:
    language, equals, model = text.partition("=")
    return language + equals + _beside(file, "model", model)


def _range(what: str, low: float | None, high: float | None) -> str:
    if high is not None:
        return f"{what} from {low} to {high}"
    return f"{what} of at least {low}" if low is not None else what


TABLE: tuple[SettingSpec, ...] = _table()
"""Every setting, in the order of the documentation."""

_BY_NAME = {spec.name: spec for spec in TABLE}

if __name__ == "__main__":
    print(document(), end="")
