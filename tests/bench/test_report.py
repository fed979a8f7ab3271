import json
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from sferic.bench import view
from sferic.bench.report import Quick, Report, Setting, Step, report, spread, step, write_json
from sferic.bench.streams import Observed
from sferic.recognition.capacity import Capacity
from sferic.recognition.load import Costs

SETTING = Setting(
    date="2026-01-01 00:00 UTC",
    sferic="1",
    cpu="a CPU",
    cores=2,
    device="cpu",
    workers=2,
    threads=1,
    batch=1,
    model="whisper-base",
    compute_type="auto",
    speech="synthetic",
    load=0.1,
)


def observed(
    streams: int = 4, *, finals: tuple[float, ...] = (0.2,), partials: tuple[float, ...] = (0.5,)
) -> Observed:
    return Observed(
        streams=streams,
        seconds=10.0,
        finals=finals,
        partials=partials,
        cpu_s=8.0,
        busy=0.61234,
        interval=0.45678,
        costs=Costs(0.21, 0.09),
        capacity=Capacity(streams=14, within=0.7),
    )


def judged(*, finals: tuple[float, ...] = (0.2,), partials: tuple[float, ...] = (0.5,)) -> bool:
    return step(observed(finals=finals, partials=partials), within=0.7).held


def found(*steps: Step) -> Report:
    return report(
        SETTING,
        steps,
        within=0.7,
        seconds=12.0,
        load_s=0.3,
        costs=Costs(0.2, 0.1),
        expected=15,
    )


def printed(result: Report | Quick) -> str:
    console = Console(file=StringIO(), width=120, markup=False, highlight=False)
    if isinstance(result, Report):
        view.show(result, console)
    else:
        view.show_quick(result, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_step_is_held_with_up_to_one_final_in_twenty_late() -> None:
    assert judged(finals=(0.2,) * 38 + (0.9,) * 2)
    assert not judged(finals=(0.2,) * 38 + (0.9,) * 3)


def test_one_late_final_of_a_few_is_no_sign() -> None:
    assert judged(finals=(0.2, 5.0))
    assert not judged(finals=(5.0, 5.0))


def test_partials_that_cease_are_a_sign_as_well() -> None:
    assert judged(partials=(1.9,) * 40)
    assert not judged(partials=(2.1,) * 40)


def test_without_finals_or_partials_nothing_is_late() -> None:
    result = step(observed(finals=(), partials=()), within=0.7)
    assert (result.finals, result.partials, result.held) == (None, None, True)


def test_the_cost_is_for_a_second_of_one_stream() -> None:
    assert step(observed(4), within=0.7).cpu == 0.2


def test_percentiles_lie_between_values() -> None:
    summed = spread([0.0, 1.0])
    assert summed is not None
    assert (summed.count, summed.p50, summed.p95) == (2, 0.5, 0.95)
    assert spread([]) is None


def test_the_table_the_bars_and_the_numbers_are_printed() -> None:
    steps = [
        step(observed(2, finals=(0.35,) * 20), within=0.7),
        step(observed(4, finals=(1.4,) * 20), within=0.7),
    ]
    text = printed(found(*steps))
    assert "whisper-base (auto) on cpu, 2 workers; a CPU, 2 cores" in text
    assert f"   2 {'#' * 10}          | 0.35" in text
    assert f"   4 {'#' * 20}|{'#' * 19} 1.40" in text
    assert "Streams held: 2 (95 % of finals within 700 ms of the decision to end)." in text
    assert "would take 14 by itself, by what it knew then; 15 before its first stream" in text
    assert "ten sentences of a synthetic voice" in text


def test_a_limit_that_was_not_found_is_told_and_own_speech_needs_no_warning() -> None:
    own = msgspec.structs.replace(SETTING, speech="2 recordings")
    result = report(
        own,
        [step(observed(4), within=0.7)],
        within=0.7,
        seconds=12.0,
        load_s=0.3,
        costs=Costs(0.2, 0.1),
        expected=15,
    )
    text = printed(result)
    assert "Streams held: 4 or more" in text
    assert "synthetic" not in text


def test_batches_are_told() -> None:
    gpu = msgspec.structs.replace(SETTING, device="cuda", workers=16, threads=0, batch=8)
    result = msgspec.structs.replace(found(step(observed(2), within=0.7)), setting=gpu)
    assert "whisper-base (auto) on cuda, 16 workers in batches of 8; a CPU" in printed(result)


def test_a_machine_that_was_busy_before_is_told() -> None:
    steps = [step(observed(4), within=0.7)]
    assert "wanted to run" not in printed(found(*steps))
    busy = msgspec.structs.replace(
        found(*steps), setting=msgspec.structs.replace(SETTING, load=1.5)
    )
    assert "1.5 processes wanted to run on these 2 cores" in printed(busy)


def test_a_step_is_one_line_while_it_runs() -> None:
    assert view.line(step(observed(1), within=0.7)) == "1 stream: finals p95 0.20 s"
    late = step(observed(8, finals=(1.0,) * 9), within=0.7)
    assert view.line(late) == "8 streams: finals p95 1.00 s, NOT held"
    assert view.line(step(observed(finals=()), within=0.7)) == "4 streams: finals none"


def test_the_quick_look_is_printed() -> None:
    quick = Quick(
        setting=SETTING,
        load_s=0.5,
        final_s=0.21,
        partial_s=0.1,
        audio_s=60.0,
        wall_s=3.0,
        cpu_s=4.2,
    )
    text = printed(quick)
    assert "210 ms" in text
    assert "0.050" in text
    assert "0.070" in text


def test_json_has_everything(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "found.json"
    write_json(found(step(observed(4), within=0.7)), file)
    read = json.loads(file.read_text())
    assert (read["held"], read["admitted"], read["expected"]) == (4, 14, 15)
    assert read["steps"][0]["finals"] == {"count": 1, "p50": 0.2, "p95": 0.2}
    assert read["setting"]["model"] == "whisper-base"
    assert file.read_text().endswith("}\n")


def test_the_plot_is_a_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / "folder" / "found.png"
    view.plot(
        found(
            step(observed(2), within=0.7),
            step(observed(4, finals=(2.0,) * 9, partials=()), within=0.7),
        ),
        file,
    )
    assert file.read_bytes().startswith(b"\x89PNG")
