"""Recordings with reference transcripts, taken from the folder in SFERIC_SPEECH."""

import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import av
import msgspec

from benchmarks.harness.errors import (
    ManifestError,
    NothingSelectedError,
    SpeechMissingError,
    UnknownFilterError,
)

VARIABLE = "SFERIC_SPEECH"
"""The environment variable that names the folder."""

SYNTHETIC = "tts"
"""The kind of recordings that no quality figure may rest on."""

_SPPAS = "sppas"
_VARIANT = re.compile(r"[<‹]([^,<>‹›]*)(?:,[^<>‹›]*)?[>›]")
_MARKS = re.compile(r"[+@*#]")
_BRACKETS = re.compile(r"[()]")


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """One recording and what is said in it."""

    audio: str
    """Relative to the folder of the manifest; its second part names the collection."""
    lang: str
    text: str
    """As the source has it."""
    duration: float
    sample_rate: int
    kind: str = ""
    source: str = ""
    path: Path = Path()
    """Where the recording is; filled in by `load_utterances`."""

    @property
    def collection(self) -> str:
        """The data set that the recording comes from."""
        parts = Path(self.audio).parts
        return parts[1] if len(parts) > 2 else self.source.split(" ")[0]

    @property
    def reference(self) -> str:
        """What is said, without the annotator's marks.

        SPPAS writes `+ @ * #` for pauses, laughter, noise and silence, and `<à,là>` where two
        spellings would do: the first is kept. A bracket in a reference holds words that are
        spoken, and Whisper's normalisers would drop them.
        """
        text = self.text
        if _SPPAS in self.collection:
            text = _MARKS.sub(" ", _VARIANT.sub(r"\1", text))
        return " ".join(_BRACKETS.sub("", text).split())


def speech_folder() -> Path:
    """The folder that SFERIC_SPEECH names.

    Raises:
        SpeechMissingError: It names none, or one without recordings.
    """
    named = os.environ.get(VARIABLE)
    folder = Path(named).expanduser() if named else None
    if folder is None or not (folder / "asr" / "manifest.jsonl").is_file():
        raise SpeechMissingError(folder)
    return folder


def load_utterances(manifest: Path) -> list[Utterance]:
    """Read a manifest of recordings for recognition.

    Raises:
        ManifestError: A line is no utterance, or its recording is missing.
    """
    rows = []
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=Utterance)
        except msgspec.MsgspecError as error:
            raise ManifestError(manifest, number, str(error)) from error
        path = manifest.parent / row.audio
        if not path.is_file():
            raise ManifestError(manifest, number, f"there is no {row.audio}")
        rows.append(msgspec.structs.replace(row, path=path))
    return rows


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The utterances of a run, and how many were left out for which reason."""

    utterances: tuple[Utterance, ...]
    synthetic: int
    longer: int
    unserved: int

    @property
    def seconds(self) -> float:
        """Audio in all of them."""
        return sum(row.duration for row in self.utterances)


def select(
    rows: Sequence[Utterance],
    *,
    languages: Collection[str] = (),
    sources: Collection[str] = (),
    served: Collection[str] | None = None,
    max_seconds: float = 0,
    limit: int = 0,
) -> Selection:
    """Choose what a run measures. Synthetic speech is never chosen.

    Args:
        rows: All utterances.
        languages: Codes to keep; none keeps all.
        sources: Collections to keep; none keeps all.
        served: Codes that the model knows; None if that is not known.
        max_seconds: Longest recording, 0 for any.
        limit: How many to keep, spread evenly over what is chosen; 0 for all.

    Raises:
        UnknownFilterError: The manifest has no such language or collection.
        NothingSelectedError: Nothing is left.
    """
    _must_be_among(languages, {row.lang for row in rows}, "language")
    _must_be_among(sources, {row.collection for row in rows}, "source")
    wanted = [
        row
        for row in rows
        if (not languages or row.lang in languages) and (not sources or row.collection in sources)
    ]
    human, synthetic = _parted(wanted, lambda row: row.kind != SYNTHETIC)
    short, longer = _parted(human, lambda row: not max_seconds or row.duration <= max_seconds)
    known, unserved = _parted(short, lambda row: served is None or row.lang in served)
    if not known:
        raise NothingSelectedError(
            matching=len(wanted),
            synthetic=len(synthetic),
            longer=len(longer),
            unserved=len(unserved),
        )
    return Selection(
        utterances=tuple(_spread(known, limit)),
        synthetic=len(synthetic),
        longer=len(longer),
        unserved=len(unserved),
    )


def pcm(path: Path, rate: int) -> bytes:
    """Decode any recording to 16-bit little-endian mono samples at the rate."""
    samples = bytearray()
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        for frame in [*container.decode(audio=0), None]:
            for block in resampler.resample(frame):
                samples += block.to_ndarray().tobytes()
    return bytes(samples)


def _must_be_among(named: Iterable[str], known: Collection[str], what: str) -> None:
    if unknown := sorted(set(named) - set(known)):
        raise UnknownFilterError(what, unknown, known)


def _parted(
    rows: Iterable[Utterance], kept: Callable[[Utterance], bool]
) -> tuple[list[Utterance], list[Utterance]]:
    yes: list[Utterance] = []
    no: list[Utterance] = []
    for row in rows:
        (yes if kept(row) else no).append(row)
    return yes, no


def _spread(rows: Sequence[Utterance], limit: int) -> Sequence[Utterance]:
    if not limit or limit >= len(rows):
        return rows
    return [rows[index * len(rows) // limit] for index in range(limit)]
