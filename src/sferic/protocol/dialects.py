"""What the paths of the protocol say differently; everything else is the same on all."""

from collections.abc import Mapping

import msgspec


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """What a path of the protocol says in its own way."""

    name: str
    paths: tuple[str, ...] = ()
    """Where it is spoken; the first is the one that is shown."""
    defaults: Mapping[str, object] = {}
    """Options whose default is another one than that of the table."""
    required: frozenset[str] = frozenset()
    """Options that a query must give."""
    lacks: frozenset[str] = frozenset()
    """Options that mean nothing there; as any unknown name, they are ignored."""
    live: bool = True
    """Whether somebody speaks as it is sent. If not, there are no partials, all is background
    work from the start, and a pause in sending is no silence."""
    finalize_ends: bool = False
    """Whether `finalize` ends the session, as `close_stream` does."""
    tells_finalize: bool = True
    """Whether finals have `from_finalize`."""
    tells_turns: bool = True
    """Whether `speech_ended` comes with the end of a segment, after its final.

    Clients of these paths open a turn anew at a transcript that comes after its end.
    """
    final_ending: str = " "
    """What follows the text of a final, so that finals can be joined as they are."""

    def default(self, name: str, table: object) -> object:
        """Return the default of an option, given that of the table."""
        return self.defaults.get(name, table)


LIGHTNING = Dialect(
    name="lightning",
    paths=("/waves/v1/lightning/get_text", "/api/v1/lightning/get_text"),
    finalize_ends=True,
    tells_finalize=False,
    tells_turns=False,
    final_ending="",
)
"""The one of the specification: the defaults of the table, nothing required."""

PULSE = Dialect(
    name="pulse",
    paths=("/waves/v1/pulse/get_text",),
    defaults={"itn_normalize": False},
)
"""The later one: `finalize` ends a turn, and the session goes on."""

LIVE = Dialect(
    name="live",
    paths=("/waves/v1/stt/live",),
    defaults={"itn_normalize": False, "word_timestamps": False},
    required=frozenset({"model", "language"}),
)
"""The pulse dialect where one path serves several models."""

DIALECTS = (LIGHTNING, PULSE, LIVE)
"""All live ones, in the order of the documentation."""


_LACKS = frozenset(
    {"full_transcript", "finalize_on_words", "max_words", "vad_events", "no_format_delay"}
)

RECORDED = Dialect(
    name="recorded",
    paths=("/waves/v1/stt/", "/waves/v1/stt"),
    defaults={"itn_normalize": False, "sentence_timestamps": True},
    required=frozenset({"model"}),
    lacks=_LACKS,
    live=False,
)
"""Recordings, where one path serves several models."""

RECORDED_PULSE = Dialect(
    name="recorded-pulse",
    paths=PULSE.paths,
    defaults={"itn_normalize": False, "sentence_timestamps": True},
    lacks=_LACKS,
    live=False,
)
"""Recordings at the path of the pulse dialect."""

RECORDED_LIGHTNING = Dialect(
    name="recorded-lightning",
    paths=LIGHTNING.paths,
    defaults={"sentence_timestamps": True},
    lacks=_LACKS,
    live=False,
)
"""Recordings at the path of the specification."""

RECORDED_DIALECTS = (RECORDED, RECORDED_PULSE, RECORDED_LIGHTNING)
"""All for recordings, in the order of the documentation."""


def dialect_at(path: str) -> Dialect:
    """Return the dialect of an address, which may have a prefix; of an unknown one, lightning."""
    for dialect in DIALECTS:
        if path.rstrip("/").endswith(dialect.paths):
            return dialect
    return LIGHTNING
