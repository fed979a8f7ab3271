"""Speech as turns: what is told of it where its end is told with the end of its segment."""

from sferic.speech.segmenter import SpeechEnded, SpeechStarted


class Turns:
    """Joins what is spoken in one segment: pauses that do not end the segment are not told."""

    def __init__(self) -> None:
        self._open = False
        self._ended: SpeechEnded | None = None

    def started(self, event: SpeechStarted) -> SpeechStarted | None:
        """Take a beginning; return it if it is that of a turn."""
        began = not self._open
        self._open, self._ended = True, None
        return event if began else None

    def paused(self, event: SpeechEnded) -> None:
        """Take an end, which may turn out to be a pause."""
        self._ended = event

    def over(self) -> SpeechEnded | None:
        """The segment ends; return the end of its speech, if there was any."""
        ended, self._ended, self._open = self._ended, None, False
        return ended
