"""Words of one stream from an engine that decodes as it hears.

Each piece of speech has a decoding of its own, which takes in the audio as it comes: a partial is
what it says by then, a final is that and what comes out when enough has followed. What follows is
the audio of the silence, as far as there is some, and zeros. Speech that is torn is not torn here:
its decoding goes on in the next piece, and words that are not complete yet wait for that.
"""

import time
from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.engine import Decoding, StreamingEngine
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.recognizer import Recognizer
from sferic.recognition.sharing import Feed, SharedFaultError
from sferic.recognition.timing import best_cut, fit_to_speech
from sferic.speech.segmenter import Piece, Segmenter
from sferic.speech.timeline import Timeline

_CUT_WITHIN = 6 * SAMPLE_RATE
"""How far before its end a torn piece is cut."""
_LONGEST = 120 * SAMPLE_RATE
"""Audio without a pause after which a decoding is begun anew: it keeps all words that it had."""
_A_TURN = 4 * SAMPLE_RATE
"""Audio that a stream brings into one turn at most: others wait for theirs."""


class _Going:
    """The decoding of a piece, or of several that are torn from one another."""

    def __init__(self, decoding: Decoding, start: int) -> None:
        self.decoding = decoding
        self.begun = self.since = self.fed = start
        """Where its audio begins, where the words begin that have been in no final, and up to where
        it has the audio."""
        self.heard = Hypothesis()
        self.reported = 0
        """Words that have been in a final."""
        self.carried = False
        """Whether it goes on from a piece before."""
        self.waited = 0.0
        """Seconds that its final has waited for turns."""
        self.alone = False
        """Whether it shares no turns, since others in one may have made it fail."""

    def feed(self, samples: NDArray[np.float32], upto: int, *, asked: float | None = None) -> Feed:
        """What a turn is to take in, for which a final asked at a time."""
        if asked is not None:
            self.waited += time.monotonic() - asked
        self.fed = upto
        return Feed(self.decoding, samples)

    def restart(self, decoding: Decoding) -> None:
        """Begin anew with what has been in no final."""
        self.decoding, self.reported = decoding, 0
        self.begun = self.fed = self.since


class IncrementalRecognition:
    """Follows one stream; the calls for it come one at a time.

    Args:
        recognizer: Gives turns.
        engine: Decodes.
        languages: Codes that the stream may be in.
        timeline: Its audio.
        segmenter: Where speech is.
        hotwords: Phrases to favour and how much.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        engine: StreamingEngine,
        languages: Sequence[str],
        *,
        timeline: Timeline,
        segmenter: Segmenter,
        hotwords: Sequence[tuple[str, float]] = (),
    ) -> None:
        self._recognizer = recognizer
        self._engine = engine
        self._languages = languages
        self._timeline = timeline
        self._segmenter = segmenter
        self._hotwords = hotwords
        self._going: _Going | None = None

    async def close(self) -> None:
        """Nothing to do: no work outlives the call that asked for it."""

    def needed_from(self, following: int) -> int:
        """First sample that a later call still needs.

        Args:
            following: Before this the next piece does not start.
        """
        return following if self._going is None else min(following, self._going.since)

    async def final(
        self, piece: Piece, *, asked: float | None = None, background: bool = False
    ) -> Hypothesis:
        """Words of a complete piece, those behind a cut excepted.

        Args:
            piece: The next in the stream.
            asked: Clock time (`time.monotonic`) at which it was decided to end it; unset, now.
            background: Whether the audio came so fast that nobody waits for it.
        """
        asked = time.monotonic() if asked is None else asked
        going = self._of(piece.start)
        going.waited = 0.0
        while True:
            try:
                await self._finish(going, piece, background=background)
                break
            except SharedFaultError:
                self._restart_alone(going)
        if not background:
            took = time.monotonic() - asked
            self._recognizer.usage.answered(waited=going.waited, took=took)
        if piece.torn:
            return self._cut(going, piece.end)
        self._going = None
        return self._left(going, piece.end)

    async def draft(self, *, since: float, background: bool = False) -> Hypothesis:
        """Words so far of the piece that is open.

        Args:
            since: Clock time (`time.monotonic`) of the last draft, or when speech began.
            background: Whether the audio came so fast that nobody waits for it.
        """
        start = self._segmenter.piece_start
        if start is None:
            return Hypothesis()
        going = self._of(start)

        def prepare() -> Feed:
            end = min(self._timeline.end, going.fed + _A_TURN)
            return going.feed(self._timeline[going.fed : end], end)

        try:
            going.heard = await self._recognizer.feed_draft(
                self._engine, prepare, since=since, background=background, alone=going.alone
            )
        except SharedFaultError:
            self._restart_alone(going)
        return self._left(going, going.fed)

    async def decide_early(self, *, since: float) -> Hypothesis:
        """A draft: what a final adds to the partials costs next to nothing."""
        return await self.draft(since=since)

    async def _finish(self, going: _Going, piece: Piece, *, background: bool) -> None:
        """Take in the rest of a piece, and what has to follow it."""
        end, silence = piece.end, 0
        if not piece.torn:
            voice_end = piece.end if piece.voice_end < 0 else piece.voice_end
            end = max(piece.end, self._followed_until(piece.end, voice_end + self._engine.flush))
            silence = max(voice_end + self._engine.flush - end, 0)
        over = False
        while not over:
            upto = min(end, going.fed + _A_TURN)
            over = upto == end
            samples = self._timeline[going.fed : upto]
            if over:
                samples = np.append(samples, np.zeros(silence, np.float32))
            feed = partial(going.feed, samples, upto, asked=time.monotonic())
            going.heard = await self._recognizer.feed_final(
                self._engine, feed, background=background, alone=going.alone
            )

    def _followed_until(self, end: int, wanted: int) -> int:
        """Where the audio behind a piece ends, or the next speech begins in it."""
        spans = self._segmenter.speech_within(end, wanted)
        return min([max(on, end) for on, _ in spans] + [wanted, self._timeline.end])

    def _of(self, start: int) -> _Going:
        """The decoding of the piece that begins there."""
        going = self._going
        if going is None or not (going.carried or going.since == start):
            going = self._going = _Going(self._opened(start), start)
        return going

    def _restart_alone(self, going: _Going) -> None:
        """Begin anew what may have failed for somebody else in the same turn."""
        going.restart(self._opened(going.since))
        going.alone = True

    def _opened(self, start: int) -> Decoding:
        return self._engine.open(languages=self._languages, start=start, hotwords=self._hotwords)

    def _cut(self, going: _Going, end: int) -> Hypothesis:
        """Report what lies before the best cut; the rest comes with the next piece."""
        hypothesis = self._left(going, end)
        words = hypothesis.words
        kept = best_cut(words, earliest=end - _CUT_WITHIN, end=end) or max(len(words) - 1, 0)
        if kept:
            going.since = words[kept - 1].end
        going.reported += kept
        going.carried = True
        if end - going.begun > _LONGEST:
            going.restart(self._opened(going.since))
        return msgspec.structs.replace(hypothesis, words=words[:kept])

    def _left(self, going: _Going, end: int) -> Hypothesis:
        """What has been in no final."""
        return msgspec.structs.replace(
            going.heard,
            words=self._fitted(going.heard.words[going.reported :], going.since, end),
            settled=max(going.heard.settled - going.reported, 0),
        )

    def _fitted(self, words: Sequence[Word], start: int, end: int) -> tuple[Word, ...]:
        spans = self._segmenter.speech_within(start, end)
        return fit_to_speech(words, spans, start=start, end=end)
