"""Threads that come to one model together, and what each of them gets."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sferic.recognition.batching import Batcher
from sferic.recognition.claim import PLAIN, AbandonedError, Claim, Rank, awaited

PATIENCE_S = 20
DRAFT = Claim(rank=Rank.PARTIAL)
AT_LEISURE = Claim(rank=Rank.BACKGROUND)


class Model:
    """Runs batches of names when a test lets it, and writes down which.

    Attributes:
        batches: Those begun, in their order.
        failing: Names that fail a batch they are in.
        room: Jobs for which memory is large enough.
    """

    def __init__(self, *, most: int = 4, lanes: int = 1) -> None:
        self.batches: list[list[str]] = []
        self.failing: dict[str, Exception] = {}
        self.room = 1_000
        self.batcher = Batcher[str, str](
            self._work, most=most, lanes=lanes, exhausted=lambda error: "memory" in str(error)
        )
        self._changed = threading.Condition()
        self._held: set[str] = set()
        self._threads = ThreadPoolExecutor(32)

    def occupy(self, *names: str) -> list[Future[str]]:
        """Begin a batch of one for each name, that does not end before `release`."""
        self._held |= {*names}
        futures = []
        for name in names:
            futures.append(self._threads.submit(self.batcher.run, name, like=name, claim=PLAIN))
            self._until(lambda name=name: [name] in self.batches)  # type: ignore[misc]
        return futures

    def queue(self, name: str, like: object = "alike", claim: Claim = PLAIN) -> Future[str]:
        """Let a thread come with a job while all lanes are occupied."""
        before = self.batcher.waiting
        future = self._threads.submit(self.batcher.run, name, like=like, claim=claim)
        self._until(lambda: self.batcher.waiting > before)
        return future

    def release(self, *names: str) -> None:
        """Let the batches of these end, or all."""
        with self._changed:
            self._held -= {*names} or {*self._held}
            self._changed.notify_all()

    def close(self) -> None:
        self.release()
        self._threads.shutdown()

    def _work(self, names: Sequence[str]) -> list[str]:
        with self._changed:
            self.batches.append([*names])
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: not self._held & {*names}, PATIENCE_S)
        for name in names:
            if name in self.failing:
                raise self.failing[name]
        if len(names) > self.room:
            raise RuntimeError("CUDA failed with error out of memory")
        return [f"{name} done" for name in names]

    def _until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            for _ in range(PATIENCE_S * 1000):
                if condition():
                    return
                self._changed.wait(0.001)
        raise AssertionError


@pytest.fixture
def model() -> Iterator[Model]:
    model = Model()
    yield model
    model.close()


def results(futures: Sequence[Future[str]]) -> list[str]:
    return [future.result(PATIENCE_S) for future in futures]


def test_a_job_does_not_wait_for_company(model: Model) -> None:
    assert model.batcher.run("a", like="alike", claim=PLAIN) == "a done"
    assert model.batches == [["a"]]


def test_jobs_that_wait_are_done_as_one_and_each_gets_its_own_result(model: Model) -> None:
    model.occupy("busy")
    waiting = [model.queue(name) for name in "abc"]
    model.release()
    assert results(waiting) == ["a done", "b done", "c done"]
    assert model.batches == [["busy"], ["a", "b", "c"]]


def test_there_are_no_more_in_a_batch_than_allowed(model: Model) -> None:
    model.occupy("busy")
    waiting = [model.queue(name) for name in "abcdef"]
    model.release()
    assert results(waiting) == [f"{name} done" for name in "abcdef"]
    assert model.batches[1:] == [["a", "b", "c", "d"], ["e", "f"]]


def test_only_what_is_alike_is_done_together(model: Model) -> None:
    model.occupy("busy")
    waiting = [model.queue(name, like=name.isupper()) for name in "aBcD"]
    model.release()
    results(waiting)
    assert model.batches[1:] == [["a", "c"], ["B", "D"]]


def test_finals_go_first_and_others_fill_up_their_batch(model: Model) -> None:
    model.occupy("busy")
    waiting = [model.queue(name, claim=AT_LEISURE) for name in "xy"]
    waiting += [model.queue(name, claim=DRAFT) for name in "ab"]
    waiting += [model.queue(name) for name in "FGH"]
    model.release()
    results(waiting)
    assert model.batches[1:] == [["F", "G", "H", "a"], ["b", "x", "y"]]


def test_a_final_is_not_kept_waiting_by_drafts_unlike_it(model: Model) -> None:
    model.occupy("busy")
    waiting = [model.queue(name, claim=DRAFT) for name in "abc"]
    waiting.append(model.queue("F", like="longer"))
    model.release()
    results(waiting)
    assert model.batches[1:] == [["F"], ["a", "b", "c"]]


def test_lanes_run_side_by_side() -> None:
    model = Model(lanes=2)
    model.occupy("one", "two")
    waiting = [model.queue(name) for name in "ab"]
    model.release("two")
    assert results(waiting) == ["a done", "b done"]
    model.close()


def test_what_nobody_waits_for_any_more_is_never_begun(model: Model) -> None:
    model.occupy("busy")
    with awaited() as claim:
        left = model.queue("left", claim=claim)
        stayed = model.queue("stayed")
    model.release()
    assert results([stayed]) == ["stayed done"]
    with pytest.raises(AbandonedError):
        left.result(PATIENCE_S)
    assert model.batches == [["busy"], ["stayed"]]


def test_a_job_that_fails_troubles_no_other(model: Model, caplog: pytest.LogCaptureFixture) -> None:
    model.failing["b"] = LookupError("no such thing as b")
    model.occupy("busy")
    waiting = [model.queue(name) for name in "abc"]
    model.release()
    assert results([waiting[0], waiting[2]]) == ["a done", "c done"]
    with pytest.raises(LookupError, match="as b"):
        waiting[1].result(PATIENCE_S)
    assert model.batches[1:] == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert model.batcher.run("d", like="alike", claim=PLAIN) == "d done"
    assert model.batcher.most == 4
    assert not caplog.messages


def test_where_memory_is_too_small_batches_are_halved_for_good(
    model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    model.room = 2
    model.occupy("busy")
    waiting = [model.queue(name) for name in "abcdef"]
    with caplog.at_level(logging.WARNING):
        model.release()
        assert results(waiting) == [f"{name} done" for name in "abcdef"]
    assert model.batches[1:] == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["e", "f"]]
    assert model.batcher.most == 2
    assert caplog.messages == ["memory is too small for batches of 4: now 2"]


def test_what_does_not_even_fit_alone_fails_alone(model: Model) -> None:
    model.occupy("busy")
    waiting = [model.queue(name) for name in "abc"]
    model.room = 0
    model.release("busy")
    for future in waiting:
        with pytest.raises(RuntimeError, match="out of memory"):
            future.result(PATIENCE_S)
    model.room = 1
    assert model.batcher.run("d", like="alike", claim=PLAIN) == "d done"


def test_a_model_that_gives_too_few_results_leaves_no_thread_behind() -> None:
    batcher = Batcher[str, str](lambda _: [], most=4, lanes=1, exhausted=lambda _: False)
    with pytest.raises(ValueError, match="shorter"):
        batcher.run("a", like="alike", claim=PLAIN)
    with pytest.raises(ValueError, match="shorter"):
        batcher.run("b", like="alike", claim=PLAIN)


@settings(max_examples=30, deadline=None)
@given(
    jobs=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["well", "failing", "gone"]), st.booleans()),
        min_size=1,
        max_size=20,
    ),
    most=st.integers(1, 8),
    lanes=st.integers(1, 3),
)
def test_whoever_comes_gets_what_is_theirs(
    jobs: list[tuple[int, str, bool]], most: int, lanes: int
) -> None:
    def work(names: Sequence[tuple[int, int]]) -> list[int]:
        kinds = {kind for _, kind in names}
        assert len(kinds) == 1
        assert len(names) <= most
        if any(jobs[number][1] == "failing" for number, _ in names):
            raise LookupError(str([number for number, _ in names]))
        return [number for number, _ in names]

    batcher = Batcher[tuple[int, int], int](work, most=most, lanes=lanes, exhausted=lambda _: False)

    def come(number: int) -> str:
        kind, fate, draft = jobs[number]
        rank = Rank.PARTIAL if draft else Rank.FINAL
        claim = Claim(rank=rank, wanted=lambda: fate != "gone")
        try:
            return f"well {batcher.run((number, kind), like=kind, claim=claim)}"
        except LookupError as error:
            return f"failing {error}"
        except AbandonedError:
            return f"gone {number}"

    with ThreadPoolExecutor(len(jobs)) as threads:
        answers = [*threads.map(come, range(len(jobs)))]
    assert answers == [
        f"{fate} [{number}]" if fate == "failing" else f"{fate} {number}"
        for number, (_, fate, _) in enumerate(jobs)
    ]
