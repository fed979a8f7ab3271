"""Which model serves which language: an ordered table, and the models behind it, loaded or not.

Of the routes whose languages include one that is asked for, the first whose model knows it serves
it. An aggregate, of whose languages one is found in each piece, needs one model for all of them:
the one that serves most of it, the first of several that serve as many.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Self, TypeAlias

from sferic import languages
from sferic.errors import ModelError, ModelUnavailableError
from sferic.recognition.engine import Engine, StreamingEngine

logger = logging.getLogger(__name__)

AnyKind: TypeAlias = Engine | StreamingEngine

ANY = "*"
"""Stands for every language in a route."""
RETRY_S = 30.0
"""Seconds for which a model that did not load is not tried again."""


class LanguageModel:
    """A model of the table; its engine is there, or loaded when it is needed.

    Args:
        name: What the user called it.
        languages: Codes it knows.
        load: Loads its engine; blocks, and may fetch files.
        engine: Its engine, if that is there already.
        clock: Seconds.
    """

    def __init__(
        self,
        name: str,
        languages: Sequence[str],
        load: Callable[[], AnyKind],
        *,
        engine: AnyKind | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.languages = tuple(languages)
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._engine = engine
        self._failed_at: float | None = None
        self._users = 0
        self._left_at = clock()

    @property
    def running(self) -> AnyKind | None:
        """Its engine, if that is there."""
        return self._engine

    @property
    def loaded(self) -> bool:
        """Whether its engine is there."""
        return self._engine is not None

    @property
    def failed(self) -> bool:
        """Whether it did not load, and it is too early to try again."""
        return self._failed_at is not None and self._clock() - self._failed_at < RETRY_S

    def engine(self) -> AnyKind:
        """Its engine, loaded if it is not there. Blocks.

        Raises:
            ModelUnavailableError: It does not load; the log says why.
        """
        with self._lock:
            if self._engine is None:
                if self.failed:
                    raise ModelUnavailableError(self.name)
                try:
                    self._engine = self._load()
                except Exception as error:
                    self._failed_at = self._clock()
                    logger.error("the model %s cannot be loaded: %s", self.name, error)  # noqa: TRY400
                    raise ModelUnavailableError(self.name) from error
                self._failed_at = None
            return self._engine

    def enter(self) -> None:
        """A stream begins to use it."""
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        """A stream uses it no more."""
        with self._lock:
            self._users -= 1
            self._left_at = self._clock()

    def unload(self, *, idle_s: float = 0.0) -> bool:
        """Let its engine go if no stream has used it for so long. Blocks.

        Returns:
            Whether it was let go.
        """
        with self._lock:
            idle = not self._users and self._clock() - self._left_at >= idle_s
            if self._engine is None or not idle:
                return False
            engine, self._engine = self._engine, None
        engine.close()
        return True

    def close(self) -> None:
        """Let its engine go, whoever uses it."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()


class Routing:
    """The table.

    Args:
        routes: Languages and the model that serves them: a code, an aggregate or `*`. In order.
        idle_s: Seconds without a stream after which a model is let go; 0 keeps all.
    """

    def __init__(self, routes: Sequence[tuple[str, LanguageModel]], *, idle_s: float = 0.0) -> None:
        self._routes = tuple(routes)
        self._idle_s = idle_s
        self.models = tuple(dict.fromkeys(model for _, model in routes))

    @classmethod
    def of(
        cls, engine: AnyKind, *, load: Callable[[], AnyKind] | None = None, idle_s: float = 0.0
    ) -> Self:
        """The table of an engine that is there and serves all it knows.

        Args:
            engine: It.
            load: Loads it again after it has been let go; without, it never is.
            idle_s: As above.
        """
        model = LanguageModel(
            engine.name, engine.languages, load or (lambda: engine), engine=engine
        )
        return cls([(ANY, model)], idle_s=idle_s if load else 0.0)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes that are served."""
        served = {code for route in self._routes for code in _served(*route)}
        known = [code for model in self.models for code in model.languages]
        return tuple(code for code in dict.fromkeys(known) if code in served)

    def model_for(self, language: str) -> LanguageModel | None:
        """The model that serves a code or an aggregate; None if none does."""
        if not languages.is_aggregate(language):
            return next(
                (model for route, model in self._routes if language in _served(route, model)), None
            )
        best = max(self.models, key=lambda model: len(self._of(model, language)))
        return best if self._of(best, language) else None

    def candidates(self, language: str) -> tuple[str, ...]:
        """The codes that a code or an aggregate stands for here; none if it is not served."""
        model = self.model_for(language)
        return () if model is None else self._of(model, language)

    @asynccontextmanager
    async def lease(self, language: str) -> AsyncIterator[AnyKind]:
        """The engine for a language that is served, loaded if need be, as long as it is used.

        Raises:
            ModelUnavailableError: It does not load.
        """
        model = self.model_for(language)
        if model is None:
            raise LookupError(language)
        model.enter()
        try:
            yield await asyncio.to_thread(model.engine)
        finally:
            model.leave()
            if self._idle_s:
                self._unload_later(model)

    def load(self) -> None:
        """Load the models that are not there. Blocks.

        One that does not load is told in the log, and its languages are refused.

        Raises:
            ModelError: There is none that loads; the first one's reason.
        """
        failures: list[ModelError] = []
        for model in self.models:
            try:
                model.engine()
            except ModelUnavailableError as error:
                cause = error.__cause__
                failures.append(cause if isinstance(cause, ModelError) else error)
        if len(failures) == len(self.models):
            raise failures[0]

    def close(self) -> None:
        """Let all models go."""
        for model in self.models:
            model.close()

    def _of(self, model: LanguageModel, language: str) -> tuple[str, ...]:
        """Codes of a language or aggregate that some routes give to a model."""
        served = {
            code
            for route, other in self._routes
            if other is model
            for code in _served(route, other)
        }
        return tuple(code for code in languages.candidates(language) if code in served)

    def _unload_later(self, model: LanguageModel) -> None:
        loop = asyncio.get_running_loop()

        def unload() -> None:
            loop.run_in_executor(None, lambda: model.unload(idle_s=self._idle_s))

        loop.call_later(self._idle_s, unload)


def _served(route: str, model: LanguageModel) -> Iterable[str]:
    """Codes that a route gives to its model and that it knows."""
    if route == ANY:
        return model.languages
    return [code for code in languages.candidates(route) if code in model.languages]
