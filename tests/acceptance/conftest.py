from collections.abc import Iterator

import pytest

from sferic import Recognizer


@pytest.fixture(scope="session")
def recognizer() -> Iterator[Recognizer]:
    """The default model, loaded once for all tests here."""
    with Recognizer.load() as recognizer:
        yield recognizer
