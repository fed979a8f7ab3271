"""Sounds that nobody says: no text may come of them, in a session or in the benchmark of them."""

import asyncio
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from audio import material
from benchmarks import nonspeech_view
from benchmarks.harness.live import Received
from benchmarks.harness.machine import Machine
from benchmarks.harness.results import write_json
from benchmarks.harness.sounds import SOUNDS, NoSuchSoundError, chosen
from benchmarks.nonspeech import Plan, Tally, app
from benchmarks.nonspeech_report import Conditions, Figures, Report, Said, summarise
from engines import cut
from sferic import Options, Recognizer, Session
from sferic.protocol.messages import Message, SpeechStarted, Transcription, WordItem

CHUNK = 3200
"""Bytes of 100 ms."""


async def heard(recognizer: Recognizer, messages: Sequence[bytes], language: str) -> list[Message]:
    async def feed(session: Session) -> None:
        for message in messages:
            await session.feed(message)
        await session.finish()

    async with Session(Options(language=language), recognizer=recognizer) as session:
        feeding = asyncio.create_task(feed(session))
        said = [message async for message in session]
        await feeding
    return said


async def assert_no_text(recognizer: Recognizer, name: str, seconds: float, language: str) -> None:
    audio = material.linear16(SOUNDS[name].samples(seconds, seed=1))
    messages = await heard(recognizer, cut(audio, CHUNK), language)
    transcripts = [message for message in messages if isinstance(message, Transcription)]
    assert transcripts[-1].is_last
    assert [message.transcript for message in transcripts if message.transcript] == []


@pytest.mark.parametrize("name", SOUNDS)
async def test_a_sound_that_nobody_says_has_no_text(recognizer: Recognizer, name: str) -> None:
    await assert_no_text(recognizer, name, 12, "en")


@pytest.mark.parametrize("name", chosen(["music"], "-6 dB"))
async def test_music_has_no_text_where_the_language_is_detected(
    recognizer: Recognizer, name: str
) -> None:
    await assert_no_text(recognizer, name, 10, "multi")


# The sounds themselves


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_as_loud_as_its_name_says(name: str) -> None:
    sound = SOUNDS[name]
    samples = sound.samples(9, seed=0)
    assert samples.shape == (9 * 16_000,)
    if sound.level_db is None:
        assert not samples.any()
        return
    assert name.endswith(f" {sound.level_db:.0f} dB")
    power = np.square(samples, dtype=np.float64).mean()
    loudness = np.abs(samples).max() if sound.measure == "peak" else np.sqrt(power)
    assert 20 * np.log10(loudness) == pytest.approx(sound.level_db, abs=0.3)


def test_a_seed_makes_the_same_sound_again_and_another_makes_another() -> None:
    typing = SOUNDS["typing -6 dB"]
    assert np.array_equal(typing.samples(2, seed=1), typing.samples(2, seed=1))
    assert not np.array_equal(typing.samples(2, seed=1), typing.samples(2, seed=2))


def test_sounds_are_chosen_by_family_and_name() -> None:
    assert len(chosen([], "")) == len(SOUNDS)
    assert chosen(["clicks", "music"], "typ") == ["typing -30 dB", "typing -6 dB"]
    with pytest.raises(NoSuchSoundError, match="no family jazz; there are silence, noise"):
        chosen(["jazz"], "")
    with pytest.raises(NoSuchSoundError, match="no sound bell; there are digital silence"):
        chosen(["silence"], "bell")


# The benchmark


def transcription(text: str, *words: WordItem, final: bool = False) -> Transcription:
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=final,
        is_last=False,
        words=words,
    )


def figures(*, finals: int = 0, speech_started: int = 0) -> Figures:
    return Figures(
        name="clicks",
        family="clicks",
        minutes=10.0,
        partials=0,
        finals=finals,
        speech_started=speech_started,
    )


def report(*sounds: Figures, comparable: bool = True) -> Report:
    return summarise(
        sounds,
        Conditions(
            model="whisper-base",
            device="cpu",
            language="en",
            minutes=10,
            vad_threshold=0.5,
            seed=0,
            streams=1,
            serve=(),
            comparable=comparable,
        ),
        date="2026-01-01 00:00 UTC",
        command="python -m benchmarks.nonspeech",
        wall_s=60,
        machine=Machine(cpu="Some CPU", cores=2, memory_gb=8, system="Linux x86_64", load=0.5),
        versions={"python": "3.11"},
    )


def printed(of: Report) -> str:
    out = io.StringIO()
    nonspeech_view.show(of, Console(file=out, width=200))
    return out.getvalue()


def test_only_texts_and_beginnings_of_speech_are_counted() -> None:
    tally = Tally()
    word = WordItem(word="Oh", start=1.5, end=2.0, confidence=0.25)
    for message in (
        SpeechStarted(session_id="s", timestamp=1.5),
        transcription("Oh", word),
        transcription("Oh.", word, final=True),
        transcription("", final=True),
    ):
        tally.take(Received(0.0, message), sent_s=3.0)
    assert (tally.partials, tally.finals, tally.speech_started) == (1, 1, 1)
    assert tally.said == [
        Said(at_s=1.5, final=False, text="Oh", confidence=0.25),
        Said(at_s=1.5, final=True, text="Oh.", confidence=0.25),
    ]


def test_silence_meets_the_targets_and_one_text_misses_them() -> None:
    assert [aim.met for aim in report(figures()).targets] == [True, True]
    heard_once = report(figures(), figures(finals=1, speech_started=2))
    assert [(aim.value, aim.met) for aim in heard_once.targets] == [(1, False), (2, False)]


def test_a_run_that_left_something_out_is_not_judged() -> None:
    assert [aim.met for aim in report(figures(), comparable=False).targets] == [None, None]
    assert Plan().comparable
    for plan in (Plan(minutes=1), Plan(sounds="hum"), Plan(families=("hum",))):
        assert not plan.comparable
    assert not Plan(vad_threshold=0.4).comparable


def test_a_text_is_shown_with_its_place_and_confidence(tmp_path: Path) -> None:
    said = (Said(at_s=1.5, final=True, text="Oh.", confidence=0.25),)
    lone = Figures(
        name="cello", family="music", minutes=10, partials=0, finals=1, speech_started=1, said=said
    )
    made = report(figures(), lone)
    assert "cello, final at 1.5 s: 'Oh.' (0.25)" in printed(made)
    assert "messages with text: 1, target at most 0: MISSED" in printed(made)
    write_json(made, tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["sounds"][1]["said"][0]["text"] == "Oh."
    nonspeech_view.plot(made, tmp_path / "new" / "a.png")
    assert (tmp_path / "new" / "a.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_says_which_sounds_there_are() -> None:
    ended = CliRunner().invoke(app, ["--families", "jazz"])
    assert ended.exit_code == 1
    assert "there is no family jazz" in ended.stderr
