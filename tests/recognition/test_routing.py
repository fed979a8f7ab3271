import asyncio
import threading

import pytest

from engines import FakeEngine, FakeVoiceActivity, names, say
from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError, ModelMemoryError, ModelUnavailableError
from sferic.recognition.hardware import Machine
from sferic.recognition.recognizer import Recognizer
from sferic.recognition.routing import RETRY_S, LanguageModel, Routing
from sferic.recognition.scheduler import Scheduler


class Named(FakeEngine):
    """One of several engines."""

    def __init__(self, name: str, *languages: str) -> None:
        super().__init__(languages=languages)
        self.name = name
        self.over = threading.Event()

    def close(self) -> None:
        super().close()
        self.over.set()


class Shelf:
    """Models that load, or do not, and how often they did."""

    def __init__(self) -> None:
        self.now = 0.0
        self.loads: list[str] = []
        self.failure: Exception | None = None
        self.engines: list[Named] = []

    def model(self, name: str, *languages: str) -> LanguageModel:
        def load() -> Named:
            self.loads.append(name)
            if self.failure is not None:
                raise self.failure
            self.engines.append(Named(name, *languages))
            return self.engines[-1]

        return LanguageModel(name, languages, load, clock=lambda: self.now)


def test_the_first_route_that_fits_serves_a_language() -> None:
    shelf = Shelf()
    tiny, base = shelf.model("tiny.en", "en"), shelf.model("base", "en", "de", "hi", "ta")
    routing = Routing([("en", tiny), ("*", base)])
    assert routing.model_for("en") is tiny
    assert routing.model_for("de") is base
    assert routing.model_for("or") is None
    assert set(routing.languages) == {"en", "de", "hi", "ta"}
    assert routing.candidates("de") == ("de",)
    assert routing.candidates("or") == ()
    assert shelf.loads == []


def test_a_route_gives_its_model_no_language_that_it_does_not_know() -> None:
    shelf = Shelf()
    tiny, base = shelf.model("tiny.en", "en"), shelf.model("base", "en", "de")
    routing = Routing([("*", tiny), ("multi-eu", base)])
    assert routing.model_for("en") is tiny
    assert routing.model_for("de") is base


def test_a_route_takes_the_languages_of_an_aggregate() -> None:
    shelf = Shelf()
    indic, base = shelf.model("indic", "en", "hi", "ta"), shelf.model("base", "en", "de", "hi")
    routing = Routing([("multi-indic", indic), ("*", base)])
    assert routing.model_for("hi") is indic
    assert routing.model_for("de") is base


def test_an_aggregate_goes_to_the_model_that_serves_most_of_it() -> None:
    shelf = Shelf()
    tiny, base = shelf.model("tiny.en", "en"), shelf.model("base", "en", "de", "hi", "ta")
    routing = Routing([("en", tiny), ("*", base)])
    assert routing.model_for("multi") is base
    assert set(routing.candidates("multi")) == {"en", "de", "hi", "ta"}
    assert set(routing.candidates("multi-eu")) == {"en", "de"}
    assert Routing([("de", base)]).candidates("multi") == ("de",)
    assert Routing([("de", base)]).candidates("multi-south-indic") == ()


async def test_a_model_is_loaded_once_for_all_that_use_it_at_once() -> None:
    shelf = Shelf()
    routing = Routing([("*", shelf.model("base", "en"))])

    async def use() -> str:
        async with routing.lease("en") as engine:
            return engine.name

    assert await asyncio.gather(*(use() for _ in range(8))) == ["base"] * 8
    assert shelf.loads == ["base"]
    routing.close()
    assert shelf.engines[0].closed


async def test_a_model_that_nobody_uses_is_let_go_and_loaded_again() -> None:
    shelf = Shelf()
    model = shelf.model("base", "en")
    routing = Routing([("*", model)])
    async with routing.lease("en"):
        shelf.now += 100
        assert not model.unload(idle_s=60)
    shelf.now += 59
    assert not model.unload(idle_s=60)
    shelf.now += 1
    assert model.unload(idle_s=60)
    assert not model.loaded
    assert shelf.engines[0].closed
    async with routing.lease("en") as engine:
        assert engine is shelf.engines[1]
    assert shelf.loads == ["base", "base"]


async def test_that_happens_by_itself_when_the_time_has_passed() -> None:
    engine = Named("base", "en")
    routing = Routing.of(engine, load=lambda: Named("again", "en"), idle_s=0.001)
    async with routing.lease("en"):
        assert routing.models[0].loaded
    assert await asyncio.to_thread(engine.over.wait, 10)
    assert engine.closed
    assert not routing.models[0].loaded


def test_a_model_that_does_not_load_leaves_the_others_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf = Shelf()
    good, bad = shelf.model("good", "en"), Shelf()
    bad.failure = ModelLoadError.__new__(ModelLoadError)
    bad.failure.args = ("the model in models/bad does not load: it is a test",)
    broken = bad.model("bad", "de")
    routing = Routing([("en", good), ("de", broken)])
    routing.load()
    assert good.loaded
    assert broken.failed
    assert "it is a test" in caplog.text
    with pytest.raises(ModelUnavailableError, match="bad could not be loaded"):
        broken.engine()
    assert bad.loads == ["bad"]
    bad.now += RETRY_S
    bad.failure = None
    assert broken.engine().name == "bad"


def test_without_any_model_that_loads_there_is_the_first_ones_reason() -> None:
    shelf = Shelf()
    shelf.failure = MemoryError("it is a test")
    with pytest.raises(ModelUnavailableError):
        Routing([("en", shelf.model("a", "en")), ("*", shelf.model("b", "de"))]).load()


async def test_a_model_without_memory_says_so_and_others_go_on() -> None:
    one, other = Named("one", "en"), Named("other", "de")
    routing = Routing(
        [
            ("en", LanguageModel("one", ["en"], lambda: one, engine=one)),
            ("de", LanguageModel("other", ["de"], lambda: other, engine=other)),
        ]
    )
    machine = Machine(workers=2, cores=2)
    with Recognizer(routing, FakeVoiceActivity(), machine=machine) as recognizer:

        async def heard(language: str) -> list[str]:
            async with recognizer.lease(language) as leased:
                engine = leased
                assert isinstance(engine, Named)
                final = await recognizer.final(
                    lambda: lambda: engine.transcribe(say(1), languages=[language]),
                    model=engine.name,
                )
                return [word.text for word in final.words]

        for failure in (MemoryError(), RuntimeError("CUDA failed with error out of memory")):
            one.failure = failure
            first, second = await asyncio.gather(heard("en"), heard("de"), return_exceptions=True)
            assert isinstance(first, ModelMemoryError)
            assert "one ran out of memory" in str(first)
            assert second == names(1)
        one.failure = None
        assert await heard("en") == names(1)


async def test_each_model_has_its_share_of_the_workers() -> None:
    scheduler = Scheduler(2)
    engine = Named("slow", "en")
    engine.running.clear()
    order: list[str] = []

    def work(model: str) -> str:
        engine.transcribe(say(1)[: SAMPLE_RATE // 4], languages=["en"])
        return model

    async def one(model: str) -> None:
        def prepare() -> object:
            order.append(model)
            return lambda: work(model)

        await scheduler.run(prepare, model=model)  # type: ignore[arg-type]

    tasks = [asyncio.create_task(one(model)) for model in ("slow", "slow", "slow", "slow")]
    await engine.called(2)
    tasks += [asyncio.create_task(one("quick")) for _ in range(2)]
    await asyncio.sleep(0)
    engine.running.set()
    await asyncio.gather(*tasks)
    assert order[:2] == ["slow", "slow"]
    # Two of "slow" wait for longer, and yet the first turns go to the one that had none.
    assert order[2] == "quick"
    scheduler.close()
