"""What the drivers of text tools have in common: a line of JSON in, a line of JSON out.

In: `{"text": ..., "language": ...}`. Out: what the tool says, with `us`, its CPU microseconds;
first of all `{"ready": true}`. The drivers beside this file import it by its bare name.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]


def serve(work: Callable[[str, str], Answer]) -> None:
    """Answer every line of the input until it ends.

    Args:
        work: Text and language to what is answered.
    """
    _say({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.process_time()
        answer = work(asked["text"], asked["language"])
        _say({**answer, "us": (time.process_time() - began) * 1e6})


def _say(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
