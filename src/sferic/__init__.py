"""Self-hosted real-time speech-to-text.

```python
from sferic import Options, Session

async with Session(Options(language="en")) as session:
    ...
```
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sferic.errors import SfericError as SfericError
    from sferic.protocol.messages import Message as Message
    from sferic.protocol.options import Options as Options
    from sferic.recognition.recognizer import Recognizer as Recognizer
    from sferic.session import Session as Session

__all__ = ["Message", "Options", "Recognizer", "Session", "SfericError"]

_HOMES = {
    "Message": "sferic.protocol.messages",
    "Options": "sferic.protocol.options",
    "Recognizer": "sferic.recognition.recognizer",
    "Session": "sferic.session",
    "SfericError": "sferic.errors",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: the models' libraries take a while."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
