"""faster-whisper over whole recordings: the accuracy that streaming is held against."""

import hashlib
import os
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self

import ctranslate2
import msgspec
import numpy as np
from faster_whisper import WhisperModel

from benchmarks.harness.errors import OfflineFailedError
from benchmarks.harness.speech import pcm
from benchmarks.harness.timed import TimedWord
from sferic.audio import SAMPLE_RATE

SETTINGS = "30 s windows, beam 5, no previous text, 1 thread, int8 on a CPU and float16 on a GPU"
"""What the transcripts were made with, in words."""

_BEAM = 5
_ROOT = Path(__file__).parents[2]
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
"""NumPy's own threads would spin beside the one that decodes."""


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """What faster-whisper makes of one recording."""

    text: str
    language: str
    cpu_s: float
    """CPU time from samples to text; opening the file is not in it."""
    words: tuple[TimedWord, ...] = ()
    """Where they are, if that was asked for."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One recording; without a language, that is detected."""

    path: str
    """Absolute: the process may work in another folder."""
    language: str | None
    words: bool = False
    """Whether the words are to be found in the audio, which costs time."""


class OfflineWhisper:
    """faster-whisper in a process of its own, from the first job to the end of a `with` statement.

    Args:
        folder: The weights.
        device: `cpu` or `cuda`.
        cache: A file that keeps transcripts and their CPU time between runs. It holds what is
            said in the recordings. Unset, every run measures for itself.
    """

    def __init__(self, folder: Path, *, device: str, cache: Path | None = None) -> None:
        self._arguments = (str(folder.resolve()), device)
        self._cache = _Cache(cache, folder, device) if cache else None
        self._process: subprocess.Popen[bytes] | None = None
        self.recalled = 0
        """Transcripts that came from the cache."""

    def transcribe(self, job: Job) -> Transcript:
        """Transcribe one recording.

        Raises:
            OfflineFailedError: The process ended; it has said why on standard error.
        """
        known = self._cache.get(job) if self._cache else None
        if known is not None:
            self.recalled += 1
            return known
        self._process = self._process or self._start()
        transcript = _ask(self._process, job)
        if self._cache:
            self._cache.put(job, transcript)
        return transcript

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        if self._cache:
            self._cache.save()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", __name__, *self._arguments],
            cwd=_ROOT,
            env=os.environ | _ONE_THREAD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )


class _Cache:
    """Transcripts by what they depend on: the audio, the weights, the versions, the language."""

    def __init__(self, file: Path, folder: Path, device: str) -> None:
        self._file = file
        self._basis = [
            SETTINGS,
            device,
            _digest(folder / "model.bin"),
            *(metadata.version(name) for name in ("faster-whisper", "ctranslate2")),
        ]
        self._known: dict[str, Transcript] = {}
        if file.is_file():
            self._known = msgspec.json.decode(file.read_bytes(), type=dict[str, Transcript])

    def get(self, job: Job) -> Transcript | None:
        return self._known.get(self._key(job))

    def put(self, job: Job, transcript: Transcript) -> None:
        self._known[self._key(job)] = transcript

    def save(self) -> None:
        unfinished = self._file.with_name(self._file.name + ".tmp")
        unfinished.write_bytes(msgspec.json.encode(self._known))
        unfinished.replace(self._file)

    def _key(self, job: Job) -> str:
        parts = [*self._basis, job.language or "detected", _digest(Path(job.path))]
        if job.words:
            parts.append("words")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ask(process: subprocess.Popen[bytes], job: Job) -> Transcript:
    assert process.stdin is not None  # for the type checker
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(job) + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    except BrokenPipeError:
        answer = b""
    if not answer:
        raise OfflineFailedError(Path(job.path), process.wait())
    return msgspec.json.decode(answer, type=Transcript)


def _serve(folder: str, device: str) -> None:
    """Answer jobs, one a line, until the input ends."""
    ctranslate2.set_random_seed(0)  # what the model is unsure of is sampled at higher temperatures
    model = WhisperModel(
        folder,
        device=device,
        compute_type="int8" if device == "cpu" else "float16",
        cpu_threads=1,
        num_workers=1,
    )
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        samples = (
            np.frombuffer(pcm(Path(job.path), SAMPLE_RATE), dtype="<i2").astype(np.float32) / 32768
        )
        before = time.process_time()
        found, info = model.transcribe(
            samples,
            language=job.language,
            beam_size=_BEAM,
            condition_on_previous_text=False,
            word_timestamps=job.words,
        )
        segments = list(found)
        transcript = Transcript(
            text="".join(segment.text for segment in segments).strip(),
            language=info.language,
            cpu_s=time.process_time() - before,
            words=tuple(
                TimedWord(word.word.strip(), float(word.start), float(word.end))
                for segment in segments
                for word in segment.words or ()
            ),
        )
        sys.stdout.buffer.write(msgspec.json.encode(transcript) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
