import msgspec
import pytest

from engines import FakeEngine, fake_recognizer
from sferic.recognition.capacity import Demand
from sferic.recognition.demand import DemandMeter
from sferic.recognition.load import Costs, Load

ASSUMED = Demand(finals=0.2, speaking=0.5, overhead=0.03, loop=0.01)


class Watched:
    """Streams that are looked at every second, in a time of their own."""

    def __init__(self) -> None:
        self.now = self.loop = 0.0
        self.finals = 0
        self.usage = Load(2, Costs(0.2, 0.1), clock=lambda: self.now)
        self.meter = DemandMeter(self.usage, ASSUMED, clock=lambda: self.now, cpu=lambda: self.loop)

    def go_on(
        self,
        seconds: int,
        *,
        live: int = 0,
        background: int = 0,
        finals: int = 0,
        speaking: float = 0.0,
        hearing: float = 0.0,
        loop: float = 0.0,
    ) -> None:
        """Let time pass; the amounts are for all streams and each second."""
        for _ in range(seconds):
            self.now += 0.5
            self.usage.partial(0.1, since=speaking)
            self.now += 0.5
            self.finals += finals
            self.loop += loop
            self.usage.heard(hearing)
            self.meter.look(live=live, background=background, finals=self.finals)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def asks_for(
    watched: Watched, *, finals: float, speaking: float, overhead: float, loop: float
) -> bool:
    """Whether the meter says so, to about 5 %."""
    seen = msgspec.structs.astuple(watched.meter.demand)
    return bool(seen == pytest.approx((finals, speaking, overhead, loop), rel=0.06))


def test_before_anything_is_seen_it_is_what_was_assumed(watched: Watched) -> None:
    assert asks_for(watched, finals=0.2, speaking=0.5, overhead=0.03, loop=0.01)


def test_an_empty_server_teaches_nothing(watched: Watched) -> None:
    watched.go_on(1000, loop=0.5, hearing=0.5)
    assert asks_for(watched, finals=0.2, speaking=0.5, overhead=0.03, loop=0.01)


def test_in_time_it_is_what_a_stream_asks_for(watched: Watched) -> None:
    watched.go_on(600, live=20, finals=10, speaking=16.0, hearing=0.3, loop=0.1)
    assert asks_for(watched, finals=0.47, speaking=0.77, overhead=0.021, loop=0.0055)


def test_a_few_streams_do_not_overthrow_the_assumption_at_once(watched: Watched) -> None:
    watched.go_on(10, live=2, finals=2)
    assert 0.2 < watched.meter.demand.finals < 0.4


def test_what_was_long_ago_is_forgotten(watched: Watched) -> None:
    watched.go_on(600, live=20, finals=10)
    watched.go_on(600, live=20, finals=4)
    assert watched.meter.demand.finals == pytest.approx(0.2, rel=0.05)


def test_streams_that_are_silent_may_speak_up(watched: Watched) -> None:
    watched.go_on(600, live=20)
    assert asks_for(watched, finals=0.1, speaking=0.25, overhead=0.0027, loop=0.0009)


def test_what_background_streams_take_is_not_put_down_to_live_ones(watched: Watched) -> None:
    watched.go_on(600, live=20, background=3, hearing=2.0, loop=1.0)
    assert asks_for(watched, finals=0.1, speaking=0.25, overhead=0.03, loop=0.01)


def test_late_is_the_95th_percentile_of_the_last_half_minute(watched: Watched) -> None:
    usage = watched.usage
    for waited in (*[0.3] * 18, 9.0):
        usage.answered(waited=waited, took=waited + 0.2)
    assert usage.late == 0.0
    usage.answered(waited=8.0, took=8.2)
    assert usage.late == 8.0
    for _ in range(80):
        usage.answered(waited=0.4, took=0.6)
    assert usage.late == 0.4
    watched.now += 31
    assert usage.late == 0.0
    assert usage.answers() == []


def test_steady_costs_follow_quickly_at_first_and_slowly_later(watched: Watched) -> None:
    usage = watched.usage
    for _ in range(20):
        usage.final(0.4)
        usage.partial(0.2, since=0.0)
    assert usage.steady.final == pytest.approx(0.4, rel=0.1)
    assert usage.steady.partial == pytest.approx(0.2, rel=0.1)
    for _ in range(200):
        usage.final(0.4)
    usage.final(4.0)
    assert usage.steady.final == pytest.approx(0.4, rel=0.3)


def test_background_work_teaches_nothing_about_live_streams(watched: Watched) -> None:
    usage = watched.usage
    before = usage.steady, usage.variation
    usage.final(5.0, background=True)
    usage.partial(5.0, since=5.0, background=True)
    assert (usage.steady, usage.variation) == before
    assert usage.speaking == 0.0
    assert usage.busy == 0.0
    assert usage.occupied > 0.0


def test_the_variation_of_finals_is_measured(watched: Watched) -> None:
    assert watched.usage.variation == pytest.approx(0.65)
    for _ in range(300):
        watched.usage.final(0.3)
    assert watched.usage.variation < 0.1
    for _ in range(150):
        watched.usage.final(0.1)
        watched.usage.final(0.5)
    assert watched.usage.variation == pytest.approx(0.66, abs=0.1)


async def test_what_hearing_takes_is_counted_in_cpu_time() -> None:
    with fake_recognizer() as recognizer:
        before = recognizer.usage.hearing
        await recognizer.hear(lambda: sum(range(200_000)))
        assert recognizer.usage.hearing > before


def test_what_a_recognizer_holds_depends_on_what_streams_ask_for() -> None:
    with fake_recognizer(FakeEngine(parallel=2)) as recognizer:
        few = recognizer.holds(Demand(finals=2.0, speaking=1.0), within=0.7).streams
        assert 1 <= few < recognizer.holds(Demand(), within=0.7).streams
