"""Whether there is room for one more stream, by what streams cost on this machine."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable

from sferic.recognition.capacity import Capacity
from sferic.recognition.demand import DemandMeter
from sferic.recognition.load import Answer
from sferic.server.backend import Engine, Recognizer

BACKGROUND_SHARE = 1 / 8
"""Of a live stream, that one counts for whose audio comes faster than it was spoken.

All of them together get one turn in eight while live streams have work.
"""
_CROWDED = 0.5
"""Share of the streams that are held from which on late finals are put down to them."""
RETRY_S = 5
"""What a client is told to wait when nothing better is known."""
LONGEST_RETRY_S = 60

logger = logging.getLogger(__name__)


class Admission:
    """Says how many live streams the recognizer holds.

    Args:
        within: Seconds that a final may take from the decision to end, at the 95th percentile; 0
            for no limit.
        engine: Has the recognizer, once it is loaded.
    """

    def __init__(self, within: float, engine: Engine) -> None:
        self._within = within
        self._engine = engine
        self._watched: Recognizer | None = None
        self._meter: DemandMeter | None = None
        self._answered_at = -math.inf

    @property
    def capacity(self) -> Capacity | None:
        """What is held; None without a limit, or without a recognizer yet."""
        recognizer = self._engine.recognizer
        if not self._within or recognizer is None:
            return None
        return recognizer.holds(self._meter_of(recognizer).demand, within=self._within)

    def full(self, *, live: int, background: int) -> str | None:
        """Why there is no room for one more, as a sentence; None if there is.

        Args:
            live: Live streams that are open.
            background: Open streams of audio that comes faster than it was spoken.
        """
        capacity = self.capacity
        recognizer = self._engine.recognizer
        if capacity is None or recognizer is None or not live + background:
            return None
        taken = live + background * BACKGROUND_SHARE
        if taken + 1 > capacity.streams:
            return (
                f"{_open(live + background)}, and this server holds {capacity.streams} with finals "
                f"within {_shown(capacity.within)}"
            )
        late = recognizer.usage.late
        # With few streams open it is not streams that make finals late, but something beside them.
        if (
            late
            and taken >= capacity.streams * _CROWDED
            and late + recognizer.usage.steady.final > capacity.within
        ):
            return (
                f"{_open(live + background)}, and finals take longer than "
                f"{_shown(capacity.within)} at the moment"
            )
        return None

    def look(self, *, live: int, background: int, finals: int) -> list[Answer]:
        """Take in what happened; call it again and again on the event loop.

        Args:
            live: Live streams that are open.
            background: Open streams of audio that comes faster than it was spoken.
            finals: Finals with text that live streams have been sent so far.

        Returns:
            Finals that have been answered since the last look.
        """
        recognizer = self._engine.recognizer
        if recognizer is None:
            return []
        self._meter_of(recognizer).look(live=live, background=background, finals=finals)
        answers = recognizer.usage.answers(after=self._answered_at)
        if answers:
            self._answered_at = answers[-1].at
        return answers

    def _meter_of(self, recognizer: Recognizer) -> DemandMeter:
        if self._meter is None or self._watched is not recognizer:
            self._watched, self._meter = recognizer, DemandMeter(recognizer.usage)
            self._tell(recognizer, self._meter)
        return self._meter

    def _tell(self, recognizer: Recognizer, meter: DemandMeter) -> None:
        if not self._within:
            return
        costs = recognizer.usage.steady
        capacity = recognizer.holds(meter.demand, within=self._within)
        logger.info(
            "streams that are held: %d, with finals within %s; a final takes %s here, a partial %s",
            capacity.streams,
            _shown(capacity.within),
            _shown(costs.final),
            _shown(costs.partial),
        )
        if capacity.within > self._within:
            logger.warning(
                "that is later than final_latency_ms=%d, and fewer streams would not help much: a "
                "smaller model or faster hardware would",
                round(self._within * 1000),
            )


class Departures:
    """How often sessions end, and so when there may be room again.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._ends: deque[float] = deque()

    def note(self) -> None:
        """A session has ended."""
        self._ends.append(self._clock())
        self._forget()

    @property
    def next_in(self) -> int:
        """Whole seconds until the next is likely to end, 1 to 60."""
        self._forget()
        watched = min(self._clock() - self._began, LONGEST_RETRY_S)
        if not self._ends:
            return RETRY_S if watched < LONGEST_RETRY_S else LONGEST_RETRY_S
        return min(max(math.ceil(watched / len(self._ends)), 1), LONGEST_RETRY_S)

    def _forget(self) -> None:
        while self._ends and self._ends[0] < self._clock() - LONGEST_RETRY_S:
            self._ends.popleft()


def _open(count: int) -> str:
    return "1 stream is open" if count == 1 else f"{count} streams are open"


def _shown(seconds: float) -> str:
    return "any time" if math.isinf(seconds) else f"{seconds * 1000:.0f} ms"
