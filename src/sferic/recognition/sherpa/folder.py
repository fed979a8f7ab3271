"""What a folder with a model for sherpa-onnx holds, looked at before sherpa-onnx does.

Where a file is not what it should be, sherpa-onnx ends the process. So everything that it asks of a
model's metadata and tokens is asked here first, and told with the name of the file.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from sferic import languages
from sferic.errors import ModelFileMissingError, ModelLoadError
from sferic.models import LocalModel
from sferic.models.onnx_header import NotOnnxError, OnnxHeader, read_header

TOKENS = "tokens.txt"
ABOUT = "sferic.toml"
"""In a folder of the user's: says what the files do not, such as `languages = ["en"]`."""

_CACHE = tuple(f"cache_last_{kind}_dim{n}" for kind in ("channel", "time") for n in (1, 2, 3))
_RNN = ("pred_rnn_layers", "pred_hidden")


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of model looks like as files."""

    family: str
    files: Mapping[str, tuple[str, ...]]
    """What each file is for, the main one first; patterns of its name, the better first."""
    metadata: Mapping[str, tuple[str, ...]] = {}
    """Keys that files must have, by what they are for."""
    marks: tuple[str, ...] = ()
    """Keys of the main file that no other kind with the same files has; the first layout wins."""
    values: Mapping[str, tuple[str, ...]] = {}
    """The same, with what they have to say."""
    tokens: str = TOKENS
    blanks: tuple[str, ...] = ("<blk>",)
    """What the tokens call the blank; one of them has to be there. Nothing: there is none."""


def _named(*stems: str) -> tuple[str, ...]:
    """Patterns of names, rounded weights first: they are what a CPU is quick with."""
    return tuple(pattern for stem in stems for pattern in (f"{stem}*int8.onnx", f"{stem}*.onnx"))


_TRANSDUCER = {
    "encoder": _named("encoder"),
    "decoder": _named("decoder"),
    "joiner": _named("joiner"),
}
_MODEL = {"model": _named("model", "ctc")}
_ZIPFORMER = ("encoder_dims", "num_encoder_layers", "cnn_module_kernels", "left_context_len", "T")

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        family="sherpa-zipformer",
        files=_TRANSDUCER,
        marks=("decode_chunk_len",),
        values={"model_type": ("zipformer", "zipformer2")},
        metadata={"encoder": _ZIPFORMER, "decoder": ("vocab_size", "context_size")},
    ),
    Layout(
        family="sherpa-nemo-streaming-transducer",
        files=_TRANSDUCER,
        marks=("window_size", "chunk_shift"),
        metadata={"encoder": ("vocab_size", "subsampling_factor", *_RNN, *_CACHE)},
    ),
)
"""Kinds of models, those first that say more clearly what they are."""


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder whose files have been looked at."""

    path: Path
    layout: Layout
    files: Mapping[str, Path]
    """What each file is for."""
    header: OnnxHeader
    """Of the main file."""
    tokens: tuple[str, ...]
    languages: tuple[str, ...]

    def number(self, key: str) -> int:
        """A number of the main file's metadata.

        Raises:
            ModelLoadError: It is none, or less than one.
        """
        text = self.header.metadata.get(key, "")
        if not text.isdecimal() or int(text) < 1:
            main = self.files[next(iter(self.layout.files))].name
            raise ModelLoadError(self.path, f"{main} says {key}={text!r}, which is no such number")
        return int(text)


def find_layout(path: Path) -> Layout | None:
    """Which kind of model a folder holds; None where it is none of these.

    Raises:
        ModelLoadError: A file is damaged.
    """
    for layout in LAYOUTS:
        files = _found(path, layout)
        main = files.get(next(iter(layout.files)))
        if main is None or len(files) < len(layout.files):
            continue
        metadata = _header(main).metadata
        if all(mark in metadata for mark in layout.marks) and all(
            metadata.get(key) in allowed for key, allowed in layout.values.items()
        ):
            return layout
    return None


def look(model: LocalModel) -> Folder:
    """Look at everything that sherpa-onnx is going to ask for.

    Args:
        model: Of a family of LAYOUTS.

    Raises:
        ModelFileMissingError: A file is missing.
        ModelLoadError: A file is not what it should be.
    """
    path = model.folder
    layout = next(layout for layout in LAYOUTS if layout.family == model.family)
    files = _found(path, layout)
    lacking = [patterns[-1] for role, patterns in layout.files.items() if role not in files]
    if not (path / layout.tokens).is_file():
        lacking.append(layout.tokens)
    if lacking:
        raise ModelFileMissingError(path, lacking)
    headers = {role: _header(file) for role, file in files.items()}
    for role, keys in layout.metadata.items():
        missing = [key for key in keys if key not in headers[role].metadata]
        if missing:
            reason = (
                f"{files[role].name} lacks the metadata {', '.join(missing)}; export it with the "
                "script of sherpa-onnx for this kind of model, which adds them"
            )
            raise ModelLoadError(path, reason)
    main = headers[next(iter(layout.files))]
    tokens = _read_tokens(path / layout.tokens)
    _check_tokens(path, layout, main, tokens)
    return Folder(
        path=path,
        layout=layout,
        files=files,
        header=main,
        tokens=tokens,
        languages=model.languages or _read_languages(path),
    )


def _found(path: Path, layout: Layout) -> dict[str, Path]:
    found = {}
    for role, patterns in layout.files.items():
        files = [file for pattern in patterns for file in sorted(path.glob(pattern))]
        if files:
            found[role] = files[0]
    return found


def _header(file: Path) -> OnnxHeader:
    try:
        return read_header(file)
    except NotOnnxError as error:
        reason = f"{file.name} is damaged ({error}); fetch or copy it again"
        if file.stat().st_size < 1024:
            reason = f"{file.name} is only a placeholder: run `git lfs pull`, or copy the file"
        raise ModelLoadError(file.parent, reason) from error
    except OSError as error:
        raise ModelLoadError(file.parent, f"{file.name} cannot be read: {error}") from error


def _read_tokens(file: Path) -> tuple[str, ...]:
    """The tokens in the order of their numbers.

    Each line is a token, a space and its number; a line with nothing but a number is the space.
    """
    found: dict[int, str] = {}
    try:
        for line in file.read_text("utf-8").splitlines():
            token, _, number = line.rpartition(" ")
            if line.strip():
                found[int(number)] = token or " "
    except (ValueError, UnicodeDecodeError) as error:
        reason = f"{file.name} is no list of tokens with their numbers ({error})"
        raise ModelLoadError(file.parent, reason) from error
    if not found or sorted(found) != [*range(len(found))]:
        reason = f"the tokens in {file.name} are not numbered from 0 on without gaps"
        raise ModelLoadError(file.parent, reason)
    return tuple(found[number] for number in range(len(found)))


def _check_tokens(path: Path, layout: Layout, header: OnnxHeader, tokens: Sequence[str]) -> None:
    if layout.blanks and not any(blank in tokens for blank in layout.blanks):
        reason = f"{layout.tokens} has no {' or '.join(layout.blanks)}, the token for nothing said"
        raise ModelLoadError(path, reason)
    size = header.metadata.get("vocab_size", "")
    if "nemo" in layout.family and size.isdecimal() and len(tokens) != int(size) + 1:
        reason = (
            f"{layout.tokens} has {len(tokens)} tokens where the model has {int(size) + 1}: "
            "it is that of another model"
        )
        raise ModelLoadError(path, reason)


def _read_languages(path: Path) -> tuple[str, ...]:
    """What sferic.toml says, or else what the name of the folder does, as in `zipformer-en`."""
    about = path / ABOUT
    if about.is_file():
        try:
            codes = tomllib.loads(about.read_text("utf-8")).get("languages", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ModelLoadError(path, f"{ABOUT} cannot be read: {error}") from error
        unknown = [code for code in codes if code not in languages.CODES]
        if unknown or not codes:
            reason = f"languages in {ABOUT} has to be a list of codes from `sferic text languages`"
            raise ModelLoadError(path, reason)
        return tuple(codes)
    named = tuple(code for code in path.name.lower().split("-") if code in languages.CODES)
    if not named:
        reason = (
            f"nothing says which languages it knows; write them into {path / ABOUT}, as in "
            'languages = ["en"]'
        )
        raise ModelLoadError(path, reason)
    return named
