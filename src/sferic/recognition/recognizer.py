"""What all streams of a process share: the models and the threads that run them."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from sferic import languages
from sferic.audio import SAMPLE_RATE
from sferic.config import Route, Settings
from sferic.errors import (
    KeywordsNotServedError,
    ModelError,
    ModelMemoryError,
    ModelUnavailableError,
    NotServedError,
    SpeakersNotServedError,
)
from sferic.models import DEFAULT_MODEL, LocalModel, ModelStore, Progress, remedy
from sferic.protocol.options import Options
from sferic.recognition import families, hardware
from sferic.recognition.calibration import calibrate
from sferic.recognition.capacity import Capacity, Demand, Interval, Workload, capacity
from sferic.recognition.claim import Rank
from sferic.recognition.engine import Engine, StreamingEngine
from sferic.recognition.hardware import Device, Machine, memory_was_short
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.load import Costs, Load
from sferic.recognition.routing import ANY, AnyKind, LanguageModel, Routing
from sferic.recognition.scheduler import Scheduler, measured
from sferic.recognition.sharing import Prepare, SharedTurns
from sferic.served import Served, served
from sferic.speakers.diarization import Diarization
from sferic.speech.vad import VoiceActivityModel

logger = logging.getLogger(__name__)

T = TypeVar("T")

Work: TypeAlias = Callable[[], Hypothesis]

_VAD = "silero-vad"
_VAD_FILE = "silero_vad_16k_op15.onnx"
_MOST_HEARING = 8
PARTIAL_INTERVAL = 0.3
"""Seconds of speech between two partials on a machine that has the time."""
LONGEST_INTERVAL = 1.35
"""Seconds between two on one that has not."""
_NOT_LOADED = "the models that tell speakers apart are not loaded"
_EXPECTED = Costs(final=0.2, partial=0.1)
"""What is assumed of a machine until it has shown what it can do."""


class Recognizer:
    """The models of a process and their threads. Sessions share one; `close` it at the end.

    Args:
        engine: Turns speech into words, of one kind or the other; or several, each for its
            languages.
        voice_activity: Tells speech from everything else.
        partial_interval: Seconds of speech between two partials of a stream on a machine that has
            the time; 0 makes none.
        machine: What the engine runs on; unset, one thread a worker on all cores.
        diarization: Tells speakers apart; without, streams that ask for it are not served.
        undiarized: Why there is no `diarization`, as a sentence without its full stop.
    """

    def __init__(
        self,
        engine: Engine | StreamingEngine | Routing,
        voice_activity: VoiceActivityModel,
        *,
        partial_interval: float = PARTIAL_INTERVAL,
        machine: Machine | None = None,
        diarization: Diarization | None = None,
        undiarized: str = _NOT_LOADED,
    ) -> None:
        self.routing = engine if isinstance(engine, Routing) else Routing.of(engine)
        self._diarization = diarization
        self._undiarized = undiarized
        self.voice_activity = voice_activity
        cores = hardware.cores()
        self.machine = machine or Machine(workers=_parallel(self.routing), cores=cores)
        self._partial_interval = partial_interval
        self._workers = machine.workers if machine else _parallel(self.routing)
        self.usage = Load(self._workers, _EXPECTED)
        self._scheduler = Scheduler(self._workers)
        self._turns: WeakKeyDictionary[StreamingEngine, SharedTurns] = WeakKeyDictionary()
        self._hearing = ThreadPoolExecutor(
            max_workers=max(2, min(cores, _MOST_HEARING)), thread_name_prefix="hearing"
        )

    @classmethod
    def load(
        cls,
        model: str | Path = DEFAULT_MODEL,
        *,
        routes: Sequence[Route] = (),
        idle_s: float = 0.0,
        device: Device = "auto",
        compute_type: str = "auto",
        workers: int = 0,
        threads: int = 1,
        batch: int = 0,
        partial_interval: float = PARTIAL_INTERVAL,
        diarization: Diarization | None = None,
        undiarized: str = _NOT_LOADED,
        store: ModelStore | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Load the models, fetching what is missing. Blocks.

        Args:
            model: A name of the catalogue, or a folder with a model of a family that is known.
            routes: Models for some languages each, in order; they take the place of `model`.
            idle_s: Seconds without a stream after which a model is let go, to be loaded again when
                it is needed. 0 keeps all.
            device: Where the model runs.
            compute_type: As CTranslate2 names them; `auto` suits the device.
            workers: Windows decoded at the same time; 0 takes what suits the machine, see
                `hardware.this_machine`.
            threads: CPU threads for each of them.
            batch: Windows that a GPU decodes as one at most; 0 takes what is sensible.
            partial_interval: Seconds of speech between two partials of a stream.
            diarization: Tells speakers apart.
            undiarized: Why there is no `diarization`.
            store: Where models are kept.
            progress: Hears of what is fetched.

        Raises:
            ModelError: The model is unknown, cannot be fetched or does not load.
        """
        store = store or ModelStore()
        machine = hardware.this_machine(
            device=device, workers=workers, threads=threads, batch=batch
        )

        def engine(name: str | Path) -> AnyKind:
            return _loaded(
                store.ensure(name, progress),
                machine,
                device=device,
                compute_type=compute_type,
                threads=threads,
                conversions=store.conversions,
            )

        if routes:
            routing = _routing(routes, store, engine, idle_s)
            routing.load()
        else:
            routing = Routing.of(engine(model), load=lambda: engine(model), idle_s=idle_s)
        vad = store.ensure(_VAD, progress)
        voice_activity = VoiceActivityModel(vad.folder / _VAD_FILE)
        return cls(
            routing,
            voice_activity,
            partial_interval=partial_interval,
            machine=machine,
            diarization=diarization,
            undiarized=undiarized,
        )

    @classmethod
    def from_settings(cls, settings: Settings, progress: Progress | None = None) -> Self:
        """Load what the settings of the process say; like `load`."""
        store = ModelStore()
        diarization, reason = _diarization(settings, store, progress)
        return cls.load(
            settings.model,
            routes=settings.routes,
            idle_s=settings.model_idle_s,
            device=settings.device,
            compute_type=settings.compute_type,
            workers=settings.workers,
            threads=settings.threads,
            batch=settings.batch,
            partial_interval=settings.partial_interval_ms / 1000,
            store=store,
            progress=progress,
            diarization=diarization,
            undiarized=reason,
        )

    def calibrate(self) -> None:
        """Measure what finals and partials cost here, before there is any stream. Blocks.

        Of several models the dearest counts, until streams show what they use.
        """
        interval = self._interval
        seconds = PARTIAL_INTERVAL if interval is None else interval.least
        costs = [
            calibrate(model.engine(), self.machine, interval=seconds)
            for model in self.routing.models
            if model.loaded
        ]
        dearest = max(costs, key=lambda cost: cost.final, default=_EXPECTED)
        self.usage = Load(self._workers, dearest)

    @property
    def engine(self) -> AnyKind:
        """What the first model decodes with."""
        return self.routing.models[0].engine()

    @property
    def model_name(self) -> str:
        """Name of the model, or of all."""
        return ", ".join(model.name for model in self.routing.models)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes it serves."""
        return self.routing.languages

    @property
    def waiting(self) -> int:
        """Windows that wait for a worker."""
        return self._scheduler.waiting

    @property
    def cadence(self) -> float | None:
        """Seconds of speech between two partials of a stream now, or None for no partials."""
        interval = self._interval
        if interval is None:
            return None
        if interval.least == interval.most:
            return interval.least
        return self.usage.cadence(least=interval.least, most=interval.most)

    @property
    def longest_interval(self) -> float:
        """Seconds between two partials of somebody who speaks, however much there is to do."""
        interval = self._interval
        return LONGEST_INTERVAL if interval is None else interval.most

    @property
    def _interval(self) -> Interval | None:
        """Between two partials; one that decodes as it hears saves nothing by making fewer."""
        least = self._partial_interval
        if not least:
            return None
        running = [model.running for model in self.routing.models if model.running is not None]
        streaming = [engine.step for engine in running if isinstance(engine, StreamingEngine)]
        if streaming and len(streaming) == len(running):
            least = max(least, max(streaming) / SAMPLE_RATE)
            return Interval(least=least, most=least)
        return Interval(least=least, most=max(least, LONGEST_INTERVAL))

    @property
    def workload(self) -> Workload:
        """What finals and partials of live streams have cost of late, on which machine."""
        return Workload(
            machine=self.machine,
            costs=self.usage.steady,
            variation=self.usage.variation,
            interval=self._interval,
            filled=self.usage.filled,
        )

    def holds(self, demand: Demand, *, within: float) -> Capacity:
        """How many live streams have their finals in time.

        Args:
            demand: What each asks for.
            within: Seconds from the decision to end to the final, at the 95th percentile.
        """
        workload = msgspec.structs.replace(self.workload, demand=demand)
        return capacity(workload, within=within)

    def candidates(self, language: str) -> tuple[str, ...]:
        """The served codes that a `language` parameter stands for.

        Raises:
            NotServedError: There is none.
        """
        codes = self.routing.candidates(language)
        if not codes:
            raise NotServedError(
                language,
                model=self.model_name,
                served=sorted(self.languages),
                remedy=remedy(language),
            )
        return codes

    def lease(self, language: str) -> AbstractAsyncContextManager[AnyKind]:
        """What decodes a language, held as long as a stream needs it; see `Routing.lease`."""
        self.candidates(language)
        return self.routing.lease(language)

    @property
    def diarization(self) -> Diarization:
        """What tells speakers apart.

        Raises:
            SpeakersNotServedError: It is not loaded.
        """
        if self._diarization is None:
            raise SpeakersNotServedError(self._undiarized)
        return self._diarization

    def served(self) -> Served:
        """Which languages are served, by which model, how well."""
        return served(self.routing)

    def check(self, options: Options) -> None:
        """Say whether streams with these options can be served.

        Raises:
            NotServedError: No model serves them, or what it serves lacks something.
            ModelUnavailableError: The one that would has not loaded, a moment ago.
        """
        self.candidates(options.language)
        model = self.routing.model_for(options.language)
        if model is not None and model.failed:
            raise ModelUnavailableError(model.name)
        running = None if model is None else model.running
        if options.keywords and running is not None and not running.favours_keywords:
            raise KeywordsNotServedError(running.name)
        if options.diarize and self._diarization is None:
            raise SpeakersNotServedError(self._undiarized)

    async def final(
        self, prepare: Callable[[], Work], *, background: bool = False, model: str = ""
    ) -> Hypothesis:
        """Decode for a final, before all partials.

        Args:
            prepare: Called when a worker is free; what it returns calls `engine.transcribe`.
            background: Whether the audio came so fast that nobody waits for it.
            model: Name of what decodes.

        Raises:
            ModelMemoryError: It had not memory enough.
        """

        def note(seconds: float) -> None:
            self.usage.final(seconds, background=background)

        rank = Rank.BACKGROUND if background else Rank.FINAL
        with _short_of_memory(model):
            return await self._scheduler.run(
                lambda: measured(prepare(), note), rank=rank, model=model
            )

    async def early(
        self, prepare: Callable[[], Work], *, since: float, model: str = ""
    ) -> Hypothesis:
        """Decode what may be a final in a moment, in its turn among the partials.

        Args:
            prepare: Called when a worker is free; what it returns calls `engine.transcribe`.
            since: Clock time (`time.monotonic`) of the last partial, or when speech began.
            model: Name of what decodes.

        Raises:
            ModelMemoryError: It had not memory enough.
        """
        with _short_of_memory(model):
            return await self._scheduler.run(
                lambda: measured(prepare(), self.usage.final),
                rank=Rank.PARTIAL,
                since=since,
                model=model,
            )

    async def draft(
        self,
        prepare: Callable[[], Work],
        *,
        since: float,
        background: bool = False,
        model: str = "",
    ) -> Hypothesis:
        """Decode for a partial.

        Args:
            prepare: Called when a worker is free; what it returns calls `engine.transcribe`.
            since: Clock time (`time.monotonic`) of the last partial, or when speech began.
            background: Whether the audio came so fast that nobody waits for it.
            model: Name of what decodes.

        Raises:
            ModelMemoryError: It had not memory enough.
        """

        def note(seconds: float) -> None:
            self.usage.partial(seconds, since=time.monotonic() - since, background=background)

        rank = Rank.BACKGROUND if background else Rank.PARTIAL
        with _short_of_memory(model):
            return await self._scheduler.run(
                lambda: measured(prepare(), note), rank=rank, since=since, model=model
            )

    async def feed_final(
        self,
        engine: StreamingEngine,
        prepare: Prepare,
        *,
        background: bool = False,
        alone: bool = False,
    ) -> Hypothesis:
        """Have a streaming engine take in what a final needs, before all partials.

        Args:
            engine: It.
            prepare: Called when a worker is free; what it returns is decoded.
            background: Whether the audio came so fast that nobody waits for it.
            alone: Whether other streams may share the turn.

        Raises:
            SharedFaultError: The engine failed for one of several.
        """
        return await self._shared(engine).run(
            prepare,
            rank=Rank.BACKGROUND if background else Rank.FINAL,
            alone=alone,
            note=lambda seconds: self.usage.final(seconds, background=background),
        )

    async def feed_draft(
        self,
        engine: StreamingEngine,
        prepare: Prepare,
        *,
        since: float,
        background: bool = False,
        alone: bool = False,
    ) -> Hypothesis:
        """Have a streaming engine take in what there is for a partial; see `feed_final`.

        Args:
            engine: It.
            prepare: Called when a worker is free; what it returns is decoded.
            since: Clock time (`time.monotonic`) of the last partial, or when speech began.
            background: Whether the audio came so fast that nobody waits for it.
            alone: Whether other streams may share the turn.
        """

        def note(seconds: float) -> None:
            self.usage.partial(seconds, since=time.monotonic() - since, background=background)

        rank = Rank.BACKGROUND if background else Rank.PARTIAL
        return await self._shared(engine).run(
            prepare, rank=rank, since=since, alone=alone, note=note
        )

    def _shared(self, engine: StreamingEngine) -> SharedTurns:
        if engine not in self._turns:
            self._turns[engine] = SharedTurns(engine, self._scheduler)
        return self._turns[engine]

    async def hear(self, work: Callable[[], T]) -> T:
        """Run the decoding of audio, its voice activity or speaker networks off the event loop.

        What that takes counts for what a stream needs beside its windows, see `Load.hearing`.
        """

        def run() -> T:
            started = time.thread_time()
            try:
                return work()
            finally:
                self.usage.heard(time.thread_time() - started)

        return await asyncio.get_running_loop().run_in_executor(self._hearing, run)

    def close(self) -> None:
        """End the threads and give back the memory. Blocks until current work is done."""
        self._scheduler.close()
        self._hearing.shutdown()
        self.routing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def routing_of(settings: Settings) -> Routing:
    """The table of models that the settings mean, as `Recognizer.from_settings` has it.

    Nothing is fetched, and nothing loaded but folders, of which only the weights tell what they
    know. What is loaded is the caller's to close.

    Raises:
        ModelError: A model is unknown, or a folder does not load.
    """
    store = ModelStore()
    machine = hardware.this_machine(device=settings.device, workers=1, threads=settings.threads)

    def load(name: str) -> AnyKind:
        return _loaded(
            store.resolve(name),
            machine,
            device=settings.device,
            compute_type=settings.compute_type,
            threads=settings.threads,
            conversions=store.conversions,
        )

    routes = settings.routes or (Route(ANY, settings.model),)
    return _routing(routes, store, load, 0.0)


def _loaded(
    found: LocalModel,
    machine: Machine,
    *,
    device: Device,
    compute_type: str,
    threads: int,
    conversions: Path | None,
) -> AnyKind:
    found = families.identified(found)
    running = families.Running(
        machine=machine,
        device=families.device(found, device),
        compute_type=compute_type,
        threads=threads,
        conversions=conversions,
    )
    return families.load(found, running)


def _routing(
    routes: Sequence[Route],
    store: ModelStore,
    load: Callable[[str], AnyKind],
    idle_s: float,
) -> Routing:
    """The table of models, none of them loaded but those of which only the weights tell."""
    models: dict[str, LanguageModel] = {}
    for route in routes:
        name = route.model
        if name in models:
            continue
        if name in store.catalogue:
            known = store.catalogue[name].languages
            models[name] = LanguageModel(name, known, partial(load, name))
        else:
            models[name] = _folder(name, routes, load)
    return Routing([(route.languages, models[route.model]) for route in routes], idle_s=idle_s)


def _folder(name: str, routes: Sequence[Route], load: Callable[[str], AnyKind]) -> LanguageModel:
    """A folder of the user's; one that does not load has the languages of its routes to refuse."""
    try:
        engine = load(name)
    except ModelError:
        meant = [route.languages for route in routes if route.model == name]
        if ANY in meant:
            raise
        codes = [code for language in meant for code in languages.candidates(language)]
        return LanguageModel(Path(name).name, codes, partial(load, name))
    return LanguageModel(engine.name, engine.languages, partial(load, name), engine=engine)


def _parallel(routing: Routing) -> int:
    """Calls that the models take side by side."""
    return max(model.engine().parallel for model in routing.models if model.loaded)


@contextmanager
def _short_of_memory(model: str) -> Iterator[None]:
    """Say clearly that there was not memory enough."""
    try:
        yield
    except Exception as error:
        if memory_was_short(error):
            raise ModelMemoryError(model) from None
        raise


def _diarization(
    settings: Settings, store: ModelStore, progress: Progress | None
) -> tuple[Diarization | None, str]:
    """What tells speakers apart, or why there is nothing that does."""
    if settings.diarization == "off":
        return None, "this server runs with diarization=off"
    try:
        loaded = Diarization.load(
            threshold=settings.speaker_threshold,
            telephone_threshold=settings.speaker_threshold_telephone,
            store=store,
            progress=progress,
        )
    except ModelError as error:
        if settings.diarization == "on":
            raise
        logger.warning("streams with diarize are refused: %s", error)
        return None, _NOT_LOADED
    return loaded, ""
