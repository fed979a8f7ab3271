"""How many live streams a machine holds, from what they cost.

Finals go before partials and nothing is interrupted, so a final waits for a worker to come free,
if none is, and for the finals that were asked for before it. For Poisson arrivals and work of one
exponential length this is solved (R. H. Davis, "Waiting-Time Distribution of a Multi-Server,
Priority Queuing System", Operations Research 14, 1966): all k workers are busy with the probability
of Erlang's C formula at the load of everything, and who finds them so waits a time that is
exponential with the mean

    c / (k (1 - u)),

c being the mean length of the work and u the share of the workers' time that finals take. Here the
work is of two kinds, neither of them exponential. As Allen and Cunneen do, the wait is scaled by
(1 + v²) / 2, v being the coefficient of variation; and it is the mix of the wait behind a final and
the wait behind a partial, in the shares that they have of the busy time. Beside a simulation of
the queue the 95th percentile of the wait is right to about 20 %.

What is held against the latency that is asked for is this percentile and the mean cost of a final.
A final that is longer than others takes longer by what it costs itself, and no other number of
streams would change that.

Partials come as often as there is time for them, so nearly all workers are busy nearly always:
what counts for finals is that they come no more often than every 1.35 s when it has to be so, and
that there is room for that.

A machine that is late with a single stream would hardly be better for it if that stayed alone: up
to one stream a worker is held in any case, as far as there is time for them.

Everything else that a stream needs (sockets, decoding, voice activity) comes from the same cores on
a CPU, and makes the workers slower by what it takes.
"""

import math
from collections.abc import Sequence

import msgspec

from sferic.recognition.hardware import Machine
from sferic.recognition.load import Costs

MOST = 10_000
"""Streams beyond which nobody asks."""

FULL = 0.9
"""Share of the time of workers and cores that may be spoken for."""
_LOCK = 0.75
"""Share of the time of Python's interpreter lock that may be spoken for."""
_LOCKED_FINAL, _LOCKED_PARTIAL = 0.015, 0.007
"""Seconds of it that they take beside ONNX Runtime, measured with whisper-base on a server CPU."""
_VARIATION_OF_PARTIALS = 0.4
_LATE = 0.05
"""Share of finals that may wait longer."""
_PRECISION_S = 1e-6


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What a live stream asks for. The defaults are a conversation, as far as nothing is known."""

    finals: float = 1 / 6
    """Finals a second."""
    speaking: float = 0.6
    """Share of the time in which partials are due."""
    overhead: float = 0.03
    """CPU seconds a second for everything but decoding windows."""
    loop: float = 0.01
    """Those of them that the event loop takes."""


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from one partial of a stream to the next."""

    least: float
    """When there is time."""
    most: float
    """When there is none."""


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the number of streams depends on."""

    machine: Machine
    costs: Costs
    variation: float = 0.65
    """Coefficient of variation of the cost of a final."""
    demand: Demand = Demand()
    interval: Interval | None = Interval(least=0.3, most=1.35)
    """None where no partials are made."""
    filled: float = 0.85
    """Share of the workers' time that partials fill as far as they can; see `Load.cadence`."""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine can promise."""

    streams: int
    """Live streams that are held: at least one."""
    within: float
    """Seconds that `latency` stays below with them; what was asked for, or more."""


def capacity(workload: Workload, *, within: float) -> Capacity:
    """Find the largest number of live streams with their finals in time.

    Args:
        workload: What they cost on which machine.
        within: Seconds from the decision to end to the final, see `latency`.
    """

    def held(streams: int) -> bool:
        seconds = latency(streams, workload)
        return seconds <= within or (streams <= workload.machine.workers and seconds < math.inf)

    low, high = 1, MOST
    while low < high:
        middle = (low + high + 1) // 2
        if held(middle):
            low = middle
        else:
            high = middle - 1
    return Capacity(streams=low, within=max(within, latency(low, workload)))


def latency(streams: int, workload: Workload) -> float:
    """Seconds from the decision to the final, of mean cost and after a wait as 95 % are below.

    Infinite when there is more to do than time.
    """
    machine, demand = workload.machine, workload.demand
    left = _left(streams, workload)
    partial = workload.costs.partial if workload.interval else 0.0
    # Nothing promises that a final is dearer than a partial, but what follows relies on it.
    final = max(workload.costs.final, partial)
    finals = streams * demand.finals * final
    slow, fast = _partials(streams, workload)
    if left <= 0 or finals + slow > FULL * left or _locked(streams, workload) > _LOCK:
        return math.inf
    if not machine.threads and streams * demand.overhead > FULL * machine.cores:
        return math.inf
    busy = max(finals + slow, min(workload.filled * left, finals + fast)) / left
    own = final * machine.workers / left
    if not busy:
        return own
    delayed = erlang_c(machine.workers, machine.workers * busy)
    share = finals / (busy * left)
    free = left - finals
    waits = (
        (delayed * share, final * _residual(workload.variation) / free),
        (delayed * (1 - share), partial * _residual(_VARIATION_OF_PARTIALS) / free),
    )
    return own + _percentile_95(waits)


def erlang_c(servers: int, offered: float) -> float:
    """Probability that all servers are busy.

    Args:
        servers: How many.
        offered: Mean number of them that is needed; less than there are.
    """
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = offered * blocked / (server + offered * blocked)
    return blocked / (1 - offered / servers * (1 - blocked))


def _left(streams: int, workload: Workload) -> float:
    """Workers that the cores are enough for, beside everything else."""
    machine = workload.machine
    if not machine.threads:
        return machine.workers
    free = machine.cores - streams * workload.demand.overhead
    return min(machine.workers, max(free, 0.0) / machine.threads)


def _partials(streams: int, workload: Workload) -> tuple[float, float]:
    """Workers that partials take when they come as rarely and as often as they may."""
    if workload.interval is None:
        return 0.0, 0.0
    one_a_second = streams * workload.demand.speaking * workload.costs.partial
    return one_a_second / workload.interval.most, one_a_second / workload.interval.least


def _locked(streams: int, workload: Workload) -> float:
    """Share of the time in which somebody holds the interpreter lock."""
    demand = workload.demand
    partials = demand.speaking / workload.interval.most if workload.interval else 0.0
    decoding = demand.finals * _LOCKED_FINAL + partials * _LOCKED_PARTIAL
    return streams * (demand.loop + decoding)


def _residual(variation: float) -> float:
    """What is left of work that somebody comes upon, as a share of its mean length."""
    return (1 + variation**2) / 2


def _percentile_95(waits: Sequence[tuple[float, float]]) -> float:
    """Seconds that 95 % wait at most, each wait being exponential.

    Args:
        waits: Their probabilities, which leave some for no wait at all, and their means.
    """

    def longer(seconds: float) -> float:
        return sum(probability * math.exp(-seconds / mean) for probability, mean in waits if mean)

    if longer(0.0) <= _LATE:
        return 0.0
    low, high = 0.0, max(mean for _, mean in waits) * math.log(1 / _LATE)
    while high - low > _PRECISION_S:
        middle = (low + high) / 2
        low, high = (middle, high) if longer(middle) > _LATE else (low, middle)
    return high
