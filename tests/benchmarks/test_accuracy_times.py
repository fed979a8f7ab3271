import wave
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.accuracy_groups import Sample
from benchmarks.accuracy_times import word_times
from benchmarks.harness.alignment import AlignedWord, UnalignedError
from benchmarks.harness.offline import Transcript
from benchmarks.harness.speech import Utterance
from benchmarks.harness.streaming import Heard
from benchmarks.harness.timed import TimedWord
from sferic.protocol.messages import Transcription, WordItem

UNSURE = "mumbled"


class EvenAligner:
    """Every word takes a second; the one that is mumbled is nothing to rely on."""

    name = "a ruler"
    languages: tuple[str, ...] = ("en",)

    def align(self, pcm: bytes, text: str) -> list[AlignedWord]:
        assert pcm
        if text == "unknown":
            reason = "a word is not in the dictionary"
            raise UnalignedError(reason)
        return [
            AlignedWord(word, float(place), place + 1.0, word != UNSURE)
            for place, word in enumerate(text.split())
        ]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(32000))
    return path


def sample(
    path: Path,
    text: str,
    heard: Sequence[tuple[str, float, float]],
    *,
    lang: str = "en",
    rate: int = 16000,
    offline: Sequence[tuple[str, float, float]] = (),
) -> Sample:
    items = tuple(
        WordItem(word=word, start=start, end=end, confidence=1.0) for word, start, end in heard
    )
    said = " ".join(word for word, _, _ in heard)
    final = Transcription(
        session_id="s",
        transcript=said,
        transcription=said,
        is_final=True,
        is_last=True,
        words=items,
    )
    return Sample.of(
        Utterance(
            audio="en/set/a.wav", lang=lang, text=text, duration=1, sample_rate=rate, path=path
        ),
        Heard(
            text=said,
            language=lang,
            finals=1,
            partials=0,
            gaps_s=(),
            answer_s=0.1,
            transcripts=(final,),
        ),
        Transcript(
            text=" ".join(word for word, _, _ in offline),
            language=lang,
            cpu_s=1.0,
            words=tuple(TimedWord(*word) for word in offline),
        ),
    )


def nothing() -> None:
    """Nobody looks at the progress."""


def test_both_sides_are_held_against_the_alignment(recording: Path) -> None:
    late = [("One,", 0.1, 1.1), ("two.", 1.1, 2.1)]
    early = [("one", -0.05, 0.95)]
    found = word_times([sample(recording, "one two", late, offline=early)], EvenAligner(), nothing)
    assert found is not None
    assert (found.aligner, found.recordings, found.words, found.unsure) == ("a ruler", 1, 2, 0)
    assert found.streaming is not None
    assert found.offline is not None
    assert (found.streaming.words, found.offline.words) == (2, 1)
    assert found.streaming.start.bias == pytest.approx(100)
    assert found.offline.end.bias == pytest.approx(-50)


def test_words_that_are_wrong_or_not_relied_on_have_no_error(recording: Path) -> None:
    heard = [("one", 0.0, 1.0), ("free", 5.0, 6.0), (UNSURE, 9.0, 9.5)]
    found = word_times([sample(recording, f"one three {UNSURE}", heard)], EvenAligner(), nothing)
    assert found is not None
    assert (found.words, found.unsure) == (2, 1)
    assert found.streaming is not None
    assert (found.streaming.words, found.streaming.start.p90) == (1, 0)
    assert found.offline is None


def test_recordings_that_are_not_aligned_are_counted_by_reason(recording: Path) -> None:
    heard = [("one", 0.0, 1.0)]
    steps: list[None] = []
    found = word_times(
        [
            sample(recording, "one", heard),
            sample(recording, "one", heard, rate=8000),
            sample(recording, "one", heard, rate=8000),
            sample(recording, "unknown", heard),
            sample(recording, "eins", heard, lang="de"),
        ],
        EvenAligner(),
        lambda: steps.append(None),
    )
    assert found is not None
    assert found.recordings == 1
    assert found.left_out == {"telephone quality": 2, "a word is not in the dictionary": 1}
    assert len(steps) == 5


def test_without_a_language_of_the_aligner_there_is_nothing_to_tell(recording: Path) -> None:
    assert word_times([sample(recording, "eins", [], lang="de")], EvenAligner(), nothing) is None
