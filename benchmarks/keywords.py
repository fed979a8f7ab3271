"""Whether keywords are found that are missed without them, and what is made up.

`python -m benchmarks.keywords --help`; docs/benchmarks.md says what the figures mean.
"""

import gzip
import random
import re
import sys
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer
from rich.console import Console

from benchmarks import keywords_view
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.harness.speech import Utterance, load_utterances, pcm, select, speech_folder
from benchmarks.keywords_report import Conditions, Heard, Report, figures, targets
from sferic.audio import SAMPLE_RATE
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL, ModelStore, on_console
from sferic.recognition.engine import Engine
from sferic.recognition.keywords import Keywords
from sferic.recognition.whisper.engine import WhisperEngine
from sferic.text.redaction.lexicon import lexicon

_PACKAGES = ("onnxruntime", "numpy")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SHORTEST = 4
_LONGEST_S = 28
"""One call of the engine takes a recording whole."""
_COMMON = "we"
"""Kinds of the lexicon that are words of every day."""
_NAMES = "Ffl"
_FULL_SCALE = 32_768
_WIDTH = 120


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    language: str = "en"
    boosts: tuple[float, ...] = (1, 2, 3)
    distractors: tuple[int, ...] = (10, 1000, 10_000)
    limit: int = 0
    seed: int = 0


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Decode all recordings without keywords and with each list of them.

    Raises:
        BenchmarkError: There are no recordings, or none that fit.
        SfericError: The model cannot be had.
    """
    started = time.monotonic()
    rows = select(
        load_utterances(speech_folder() / "asr" / "manifest.jsonl"),
        languages=(plan.language,),
        max_seconds=_LONGEST_S,
        limit=plan.limit,
    ).utterances
    machine = this_machine()
    rare = rare_words([row.reference for row in rows])
    others = _names(plan.seed, without={word for row in rows for word in words_of(row.reference)})
    store = ModelStore()
    found = store.ensure(plan.model, on_console(notes))
    engine = WhisperEngine(found.folder, name=found.name, conversions=store.conversions)
    seconds = sum(row.duration for row in rows)
    lists = [(boost, count) for boost in plan.boosts for count in plan.distractors]
    with stepping(notes, "decoding", 1 + len(lists)) as step:
        plain, plain_cpu = _decoded(engine, rows, None)
        step()
        results = []
        for boost, count in [(0.0, 0), *lists]:
            given = [*rare, *others[:count]] if boost else []
            # As in a sentence of a list: the capital of a name.
            keywords = Keywords.of((word.title(), boost) for word in given)
            heard, cpu = _decoded(engine, rows, keywords) if boost else (plain, plain_cpu)
            results.append(
                figures(
                    heard,
                    plain,
                    keywords=set(given),
                    rare=set(rare),
                    boost=boost,
                    seconds=seconds,
                    cpu=(cpu, plain_cpu),
                )
            )
            step()
    engine.close()
    return Report(
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
        conditions=Conditions(
            model=found.name,
            language=plan.language,
            recordings=len(rows),
            seconds=round(seconds, 1),
            rare=len(rare),
            seed=plan.seed,
        ),
        targets=targets(results),
        figures=tuple(results),
    )


def rare_words(references: Sequence[str]) -> list[str]:
    """Words of references that are no words of every day, in small letters and in order."""
    known = lexicon()
    words = {word for text in references for word in words_of(text) if len(word) >= _SHORTEST}
    rare = (word for word in words if not set(known.kinds(word)) & set(_COMMON))
    return sorted(word for word in rare if "'" not in word and word.isalpha())


def words_of(text: str) -> tuple[str, ...]:
    """Words in small letters, without punctuation."""
    return tuple(_WORD.findall(text.lower().replace("’", "'")))


def _decoded(
    engine: Engine, rows: Sequence[Utterance], keywords: Keywords | None
) -> tuple[list[Heard], float]:
    """What is heard in each recording, and the CPU seconds of that."""
    heard, spent = [], 0.0
    for row in rows:
        linear = np.frombuffer(pcm(row.path, SAMPLE_RATE), "<i2")
        samples = linear.astype(np.float32) / np.float32(_FULL_SCALE)
        before = time.process_time()
        words = engine.transcribe(samples, languages=[row.lang], keywords=keywords).words
        spent += time.process_time() - before
        text = " ".join(word.text for word in words)
        heard.append(Heard(said=words_of(row.reference), heard=words_of(text)))
    return heard, spent


def _names(seed: int, *, without: set[str]) -> list[str]:
    """Names that nobody says in the recordings, in an order that the seed decides."""
    path = resources.files("sferic.text") / "data" / "redaction" / "lexicon.txt.gz"
    rows = (line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines())
    names = [
        word
        for word, kinds in rows
        if set(kinds) & set(_NAMES) and word.isascii() and word.isalpha()
        if len(word) >= _SHORTEST and word not in without
    ]
    random.Random(seed).shuffle(names)
    return names


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    language: Annotated[str, typer.Option(help="Of the recordings.")] = "en",
    boosts: Annotated[str, typer.Option(help="With commas.")] = "1,2,3",
    distractors: Annotated[
        str, typer.Option(help="Keywords that nobody says, with commas.")
    ] = "10,1000,10000",
    limit: Annotated[int, typer.Option(min=0, help="Recordings, spread evenly; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Other distractors.")] = 0,
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
) -> None:
    """Decode recordings with and without keywords; count rare words found and words made up."""
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        model=model,
        language=language,
        boosts=tuple(map(float, boosts.split(","))),
        distractors=tuple(map(int, distractors.split(","))),
        limit=limit,
        seed=seed,
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.keywords", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    keywords_view.show(
        report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    )


if __name__ == "__main__":
    app()
