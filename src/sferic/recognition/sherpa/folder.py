"""What a folder with a model for sherpa-onnx holds, looked at before sherpa-onnx does.

Where a file is not what it should be, sherpa-onnx ends the process. So everything that it asks of a
model's metadata and tokens is asked here first, and told with the name of the file.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from sferic.errors import ModelFileMissingError, ModelLoadError
from sferic.languages import CODES
from sferic.models import LocalModel
from sferic.models.onnx_header import NotOnnxError, OnnxHeader, read_header

TOKENS = "tokens.txt"
ABOUT = "sferic.toml"
"""In a folder of the user's: says what the files do not, such as `languages = ["en"]`."""
BLANKS = ("<blk>", "<eps>", "<blank>")

_TOKEN = re.compile(r"(.*?)[ \t]+(\d+)")
_ORT_MARK = b"ORTM"
_PLACEHOLDER = b"version https://git-lfs"
"""How a file begins that Git LFS leaves instead of another."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What a family of models looks like as files."""

    family: str
    files: Mapping[str, tuple[str, ...]]
    """What each file is for, the main one first; patterns of its name, the better first."""
    marks: tuple[str, ...] = ()
    """Keys of the main file's metadata that no other family with the same files has."""
    model_types: tuple[str, ...] = ()
    """What its `model_type` may be; nothing for whatever there is."""
    metadata: Mapping[str, tuple[str, ...]] = {}
    """Keys that files must have, by what they are for."""
    tokens: tuple[str, ...] = (TOKENS,)
    """Names that the file with the tokens may have."""
    blanks: tuple[str, ...] = ()
    """What the tokens may call the blank; nothing where sherpa-onnx does not ask."""

    @property
    def main(self) -> str:
        """What the main file is for."""
        return next(iter(self.files))

    def fits(self, path: Path) -> bool:
        """Whether a folder holds a model of the family, as far as its names and marks tell.

        Raises:
            ModelLoadError: Its main file is damaged.
        """
        found = self.found(path)
        if len(found) < len(self.files):
            return False
        metadata = header(found[self.main]).metadata
        typed = not self.model_types or metadata.get("model_type") in self.model_types
        return typed and all(mark in metadata for mark in self.marks)

    def found(self, path: Path) -> dict[str, Path]:
        """The files that are there, by what they are for."""
        found = {}
        for role, patterns in self.files.items():
            files = [file for pattern in patterns for file in sorted(path.glob(pattern))]
            if files:
                found[role] = files[0]
        return found


def named(*stems: str) -> tuple[str, ...]:
    """Patterns of names; rounded weights go first: they are what a CPU is quick with."""
    return tuple(pattern for stem in stems for pattern in (f"{stem}*int8.onnx", f"{stem}*.onnx"))


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder whose files have been looked at."""

    path: Path
    layout: Layout
    files: Mapping[str, Path]
    headers: Mapping[str, OnnxHeader]
    tokens: tuple[str, ...]
    languages: tuple[str, ...]
    """Codes it serves."""

    @property
    def main(self) -> OnnxHeader:
        """Header of the main file."""
        return self.headers[self.layout.main]

    @property
    def arguments(self) -> dict[str, str]:
        """The files as sherpa-onnx takes them."""
        files = {role: str(file) for role, file in self.files.items()}
        return {"tokens": str(self.path / TOKENS), **files}

    def number(self, key: str) -> int:
        """A number of the main file's metadata.

        Raises:
            ModelLoadError: It is none, or less than one.
        """
        text = self.main.metadata.get(key, "")
        if not text.isdecimal() or int(text) < 1:
            main = self.files[self.layout.main].name
            raise ModelLoadError(self.path, f"{main} says {key}={text!r}, which is no such number")
        return int(text)

    def check_size(self, expected: int) -> None:
        """Compare the number of tokens with what the model has.

        Raises:
            ModelLoadError: They are those of another model.
        """
        if len(self.tokens) != expected:
            reason = (
                f"{TOKENS} has {len(self.tokens)} tokens where the model has {expected}: "
                "it is that of another model"
            )
            raise ModelLoadError(self.path, reason)


def look(
    model: LocalModel,
    layout: Layout,
    *,
    languages: Callable[[OnnxHeader], Sequence[str]] = lambda _: (),
    read: Callable[[Path], tuple[str, ...]] | None = None,
) -> Folder:
    """Look at everything that sherpa-onnx is going to ask for.

    Args:
        model: What was asked for.
        layout: Of its family.
        languages: Finds codes in the main file, where a family has them there.
        read: Reads the tokens, where they are not as usual.

    Raises:
        ModelFileMissingError: A file is missing.
        ModelLoadError: A file is not what it should be.
    """
    path = model.folder
    files = layout.found(path)
    lacking = [patterns[-1] for role, patterns in layout.files.items() if role not in files]
    listed = next((path / name for name in layout.tokens if (path / name).is_file()), None)
    if listed is None:
        lacking.append(layout.tokens[0])
    if lacking or listed is None:
        raise ModelFileMissingError(path, lacking)
    headers = {role: header(file) for role, file in files.items()}
    for role, keys in layout.metadata.items():
        if missing := [key for key in keys if key not in headers[role].metadata]:
            reason = (
                f"{files[role].name} lacks the metadata {', '.join(missing)}; the script of "
                "sherpa-onnx that exports this kind of model adds them"
            )
            raise ModelLoadError(path, reason)
    tokens = (read or read_tokens)(listed)
    if layout.blanks and not any(blank in tokens for blank in layout.blanks):
        reason = f"{TOKENS} has no {' or '.join(layout.blanks)}, the token for nothing said"
        raise ModelLoadError(path, reason)
    return Folder(
        path=path,
        layout=layout,
        files=files,
        headers=headers,
        tokens=tokens,
        languages=model.languages or _languages(path, languages(headers[layout.main])),
    )


def header(file: Path) -> OnnxHeader:
    """What a file says of itself.

    Raises:
        ModelLoadError: It is damaged.
    """
    try:
        if file.suffix == ".ort":
            return _checked(file)
        return read_header(file)
    except NotOnnxError as error:
        reason = f"{file.name} is damaged ({error}); fetch or copy it again"
        if _starts_with(file, _PLACEHOLDER):
            reason = f"{file.name} is only a placeholder: run `git lfs pull`, or copy the file"
        raise ModelLoadError(file.parent, reason) from error
    except OSError as error:
        raise ModelLoadError(file.parent, f"{file.name} cannot be read: {error}") from error


def _checked(file: Path) -> OnnxHeader:
    """Nothing but that it is of ONNX Runtime's own format, which tells the rest in another way."""
    if not _starts_with(file, _ORT_MARK, at=4):
        reason = "it is not of ONNX Runtime's format"
        raise NotOnnxError(reason)
    return OnnxHeader(metadata={}, inputs={}, outputs={})


def _starts_with(file: Path, mark: bytes, *, at: int = 0) -> bool:
    with file.open("rb") as stream:
        stream.seek(at)
        return stream.read(len(mark)) == mark


def read_tokens(file: Path) -> tuple[str, ...]:
    """The tokens in the order of their numbers; a line with nothing but its number is a space.

    Raises:
        ModelLoadError: It is no list of tokens.
    """
    found: dict[int, str] = {}
    try:
        lines = file.read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise ModelLoadError(file.parent, f"{file.name} is no text ({error})") from error
    for index, line in enumerate(lines, 1):
        if not line.strip():
            continue
        match = _TOKEN.fullmatch(line.rstrip("\r"))
        if match is None:
            reason = f"line {index} of {file.name} is no token with its number"
            raise ModelLoadError(file.parent, reason)
        found[int(match[2])] = match[1] or " "
    if sorted(found) != [*range(len(found))] or not found:
        reason = f"the tokens in {file.name} are not numbered from 0 on without gaps"
        raise ModelLoadError(file.parent, reason)
    return tuple(found[number] for number in range(len(found)))


def _languages(path: Path, told: Sequence[str]) -> tuple[str, ...]:
    """What sferic.toml says, or the model, or the name of the folder, as in `zipformer-en`."""
    about = path / ABOUT
    if about.is_file():
        try:
            codes = tomllib.loads(about.read_text("utf-8")).get("languages")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ModelLoadError(path, f"{ABOUT} cannot be read: {error}") from error
        if not isinstance(codes, list) or not codes or not set(codes) <= set(CODES):
            reason = f"`languages` in {ABOUT} has to be a list of codes such as en"
            raise ModelLoadError(path, reason)
        return tuple(codes)
    found = tuple(told) or tuple(code for code in path.name.lower().split("-") if code in CODES)
    if not found:
        reason = (
            f"nothing says which languages it knows; write them into {about}, as in "
            'languages = ["en"]'
        )
        raise ModelLoadError(path, reason)
    return found
