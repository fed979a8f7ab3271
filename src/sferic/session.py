"""One stream: bytes in, messages out. The only place where the stages meet."""

import asyncio
import secrets
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from enum import Enum, auto
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import msgspec

from sferic import languages
from sferic.audio import BYTES_A_SAMPLE, SAMPLE_RATE, open_decoder
from sferic.errors import SessionClosedError, UndecodableAudioError
from sferic.protocol import messages
from sferic.protocol.dialects import LIGHTNING, Dialect
from sferic.protocol.messages import Message
from sferic.protocol.options import Options
from sferic.protocol.transcripts import TranscriptBuilder, seconds
from sferic.queues import Inbox, Outbox
from sferic.recognition.hypothesis import Hypothesis, Word, join
from sferic.recognition.keywords import Keywords
from sferic.recognition.opening import open_recognition
from sferic.recognition.recognizer import Recognizer
from sferic.recognition.routing import AnyKind
from sferic.speakers.diarization import Diarization
from sferic.speakers.stream import StreamSpeakers
from sferic.speakers.voices import Limits
from sferic.speech.hearing import Block, Hearing, batches
from sferic.speech.segmenter import (
    Piece,
    SegmentEnded,
    Segmenter,
    SpeechEnded,
    SpeechEvent,
    SpeechStarted,
)
from sferic.speech.turns import Turns
from sferic.text.stage import TextStage

if TYPE_CHECKING:
    from sferic.text.redaction import NameFinder

MOST_WORDS = 1000
"""Words after which a segment is cut in any case: every partial repeats all of them."""

BUFFERED_SECONDS = 4
"""Audio that waits on the input side before `feed` waits."""

_COMPRESSED_RATE = 8_000
"""Bytes a second that compressed audio is taken to have, on the high side."""
_UNREAD = 64
"""Messages that wait to be read before the input stops being taken."""
_MOST_JOBS = 3
"""Pieces and marks that are being answered or wait for it before the input stops being taken."""
_AT_ONCE = 64 * 1024
"""Bytes of small messages that are decoded together."""
_HUSH = 4 * SAMPLE_RATE // 10
"""Silence after which a machine that has the time decodes what may be the final."""
_IDLE = 0.6
"""Share of the workers' time that is taken on a machine that has none to spare."""
_AHEAD = 10.0
"""Seconds by which audio is ahead of the clock when it is no live speech."""
_HICCUP = 1.0
"""Longest pause, in seconds, that is put down to the network: an end there would tear words."""
_MOST_ALLOWANCE = 5.0
"""Longest pause, in seconds, granted to a client for having sent audio in long messages."""


class _Mark(Enum):
    """Controls that take effect at their place in the audio."""

    FINALIZE = auto()
    FINISH = auto()


class _Ends(msgspec.Struct, frozen=True):
    """The final that answers a mark."""

    mark: _Mark


class _Said(msgspec.Struct, frozen=True):
    """A piece of speech that is complete."""

    piece: Piece
    asked: float
    """By the clock on the wall, in seconds: when it was decided to end it."""


class _Quiet(msgspec.Struct, frozen=True):
    """It has been silent for so long that nothing need be held back any more."""


class _Drafted(msgspec.Struct, frozen=True, kw_only=True):
    """The last partial that was asked for."""

    start: int
    """Of its piece."""
    spoken: int
    """Speech in the piece by then, in samples."""
    end: int
    """Clock time of the newest audio."""
    at: float
    """By the clock on the wall, in seconds."""


_Job: TypeAlias = (
    _Said | SegmentEnded | SpeechStarted | SpeechEnded | _Quiet | _Ends | UndecodableAudioError
)


_PASSING = (SegmentEnded, SpeechStarted, SpeechEnded)
"""Jobs that are no work; there are at most three for each piece."""


class Session:
    """One stream of audio and its transcript.

    Feeding and reading are independent: run them in two tasks.

    ```python
    async with Session(Options(language="en")) as session:
        feeding = asyncio.create_task(feed_all(session))  # feed(...), then finish()
        async for message in session:
            print(message)
    ```

    Args:
        options: What the stream asks for.
        recognizer: The models, shared between sessions. Without one the session loads the default
            model for itself.
        session_id: What its messages carry; made up if not given.
        dialect: How they are worded.
        names: Finds names beside the rules of redaction.

    Raises:
        NotServedError: On entering, if no model serves the language.
        ModelUnavailableError: On entering, if the one that does cannot be loaded.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        recognizer: Recognizer | None = None,
        session_id: str | None = None,
        dialect: Dialect = LIGHTNING,
        names: "NameFinder | None" = None,
    ) -> None:
        self.options = options or Options()
        self._live = dialect.live
        self.session_id = session_id or f"sess_{secrets.token_hex(8)}"
        self._shared = recognizer
        self._owned: Recognizer | None = None
        self._models = AsyncExitStack()
        self._inbox: Inbox[_Mark | Message] = Inbox(_room(self.options))
        self._outbox: Outbox[Message] = Outbox(_UNREAD)
        self._builder = TranscriptBuilder(self.options, self.session_id, dialect)
        self._segmenter = Segmenter(
            threshold=self.options.vad_threshold,
            min_speech=self.options.vad_min_speech_ms * SAMPLE_RATE // 1000,
            endpoint_silence=self.options.endpoint_silence_ms * SAMPLE_RATE // 1000,
        )
        self._turns = Turns() if dialect.tells_turns and self.options.vad_events else None
        self._owed: SpeechEnded | None = None
        self._jobs: deque[_Job] = deque()
        self._changed = asyncio.Event()
        self._done = asyncio.Event()
        self._text = TextStage.of(
            numerals=self._numerals,
            itn_normalize=self.options.itn_normalize,
            redact_pii=self.options.redact_pii,
            redact_pci=self.options.redact_pci,
            no_format_delay=self.options.no_format_delay,
            names=names,
        )
        self._held: list[Word] = []
        self._ready: list[Word] = []
        self._language: str | None = None
        self._shares: Counter[str] = Counter()
        self._spoken = False
        self._shown = False
        self._split_wanted: int | None = None
        self._taking = False
        self._allowance = 0.0
        self._silent_at = 0.0
        self._drafted = _Drafted(start=-1, spoken=0, end=0, at=0.0)
        self._hushed = -1
        self._started = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._speakers: StreamSpeakers | None = None

    @property
    def _numerals(self) -> Literal["true", "false", "auto"]:
        """How numbers are written: not at all where nothing is to be formatted."""
        return self.options.numerals if self.options.format else "false"

    @property
    def audio_seconds(self) -> float:
        """Audio received and taken so far."""
        return self._hearing.position / SAMPLE_RATE if self._tasks else 0.0

    @property
    def buffered_bytes(self) -> int:
        """Audio fed and not yet taken."""
        return self._inbox.held

    @property
    def working(self) -> bool:
        """Whether there is audio that has been fed and not answered."""
        return bool(self._taking or self._inbox.held or self._jobs or self._segmenter.segment_open)

    async def __aenter__(self) -> Self:
        recognizer = self._shared
        if recognizer is None:
            recognizer = self._owned = await asyncio.to_thread(_loaded, self.options)
        try:
            candidates = recognizer.candidates(self.options.language)
            await asyncio.to_thread(self._text.prepare, candidates)
            keywords = await asyncio.to_thread(_indexed, self.options)
            engine = await self._models.enter_async_context(recognizer.lease(self.options.language))
            self._open(recognizer, engine, candidates, keywords)
        except BaseException:
            await self._close_own()
            raise
        return self

    def _open(
        self,
        recognizer: Recognizer,
        engine: AnyKind,
        candidates: Sequence[str],
        keywords: Keywords | None,
    ) -> None:
        self._recognizer = recognizer
        self._started = time.monotonic()
        self._hearing = Hearing(
            open_decoder(self.options.encoding, self.options.sample_rate),
            recognizer.voice_activity.stream(),
            self._segmenter,
        )
        self._recognition = open_recognition(
            recognizer,
            engine,
            candidates,
            timeline=self._hearing.timeline,
            segmenter=self._segmenter,
            digits=self._numerals != "false",
            keywords=keywords,
        )
        if self.options.diarize:
            self._speakers = self._followed(recognizer)
        self._tasks = [
            asyncio.create_task(self._guarded(self._listen()), name=f"{self.session_id}-listen"),
            asyncio.create_task(self._guarded(self._answer()), name=f"{self.session_id}-answer"),
        ]

    def _followed(self, recognizer: Recognizer) -> StreamSpeakers:
        options, diarization = self.options, recognizer.diarization
        return StreamSpeakers(
            diarization.tracker(
                Limits.of(least=options.min_speakers, most=options.max_speakers),
                telephone=options.telephone,
            ),
            diarization.networks,
            run=recognizer.hear,
            timeline=self._hearing.timeline,
            segmenter=self._segmenter,
        )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._tasks:
                await self._recognition.close()
            if self._speakers is not None:
                await self._speakers.close()
            await self._inbox.close()
            await self._outbox.end()
        finally:
            await self._close_own()

    async def _close_own(self) -> None:
        await self._models.aclose()
        if self._owned is not None:
            await asyncio.to_thread(self._owned.close)

    async def feed(self, data: bytes) -> None:
        """Add audio; waits while a few seconds of it are still to be taken.

        Raises:
            SessionClosedError: The session has been finished, or its audio was undecodable.
        """
        if data:
            await self._put(bytes(data))

    async def finalize(self) -> None:
        """Have what was fed so far answered by a final at once, and go on."""
        await self._put(_Mark.FINALIZE)

    async def finish(self) -> None:
        """End the audio: the last final follows, then reading ends."""
        await self._inbox.put(_Mark.FINISH)
        await self._inbox.close()

    async def send(self, message: Message) -> None:
        """Give the reader a message when the audio fed before it has been taken."""
        await self._put(message)

    async def __aiter__(self) -> AsyncIterator[Message]:
        while True:
            try:
                message = await self._outbox.get()
            except StopAsyncIteration:
                return
            yield message

    async def _put(self, item: bytes | _Mark | Message) -> None:
        if not await self._inbox.put(item):
            raise SessionClosedError

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the reader hears of it
            await self._inbox.close()
            await self._outbox.end(error)

    # Listening: bytes to samples to pieces of speech.

    async def _listen(self) -> None:
        try:
            while await self._take_input():
                pass
        except UndecodableAudioError as error:
            await self._inbox.close()
            await self._take_events(self._flushed())
            self._end_turn()
            self._add_job(error)

    async def _take_input(self) -> bool:
        """Take in what comes next; False when nothing follows."""
        item = await self._next_input()
        self._taking = True
        try:
            return await self._take(item)
        finally:
            self._taking = False

    async def _take(self, item: list[bytes] | _Mark | Message | None) -> bool:
        if item is None:
            await self._fall_silent()
        elif isinstance(item, list):
            await self._hear(self._hearing.decode(item))
        elif isinstance(item, _Mark):
            await self._hear(self._hearing.flush())
            await self._take_events(self._flushed())
            await self._room_for_job()
            if item is _Mark.FINISH:
                self._end_turn()
            self._add_job(_Ends(item))
            self._end_turn()
            return item is not _Mark.FINISH
        else:
            await self._outbox.put(item)
        return True

    async def _next_input(self) -> list[bytes] | _Mark | Message | None:
        """Next input, or None if a client that sends nothing has been silent for long enough."""
        due = self._silence_due()
        if self._inbox.held or due is None:
            return await self._inbox.take(_AT_ONCE)
        try:
            async with asyncio.timeout_at(due):
                return await self._inbox.take(_AT_ONCE)
        except TimeoutError:
            return None

    def _silence_due(self) -> float | None:
        """Loop time from which no input means silence that ends something."""
        if not self._live:
            return None
        patience = self._text.patience
        if self._segmenter.segment_open:
            return self._silent_at
        if self._spoken and patience is not None:
            return self._silent_at + patience / SAMPLE_RATE
        return None

    async def _fall_silent(self) -> None:
        """End what is open, or else what is held back."""
        if self._segmenter.segment_open:
            await self._take_events(self._segmenter.flush(self._hearing.timeline.end))
        else:
            self._end_quiet()

    def _note_quiet(self) -> None:
        patience = self._text.patience
        if patience is None or not self._spoken or self._segmenter.segment_open:
            return
        if self._hearing.timeline.end - self._segmenter.voice_end >= patience:
            self._end_quiet()

    def _end_quiet(self) -> None:
        self._spoken = False
        self._add_job(_Quiet())

    async def _hear(self, blocks: Iterator[Block]) -> None:
        timeline = self._hearing.timeline
        before = timeline.end
        in_batches = batches(blocks)
        over = False
        while not over:
            batch = await self._recognizer.hear(lambda: next(in_batches))
            over = batch.last
            for block in batch.blocks:
                await self._take_events(self._hearing.take(block))
                if self._speakers is not None:
                    self._speakers.heard()
                self._note_quiet()
            split, self._split_wanted = self._split_wanted, None
            if split is not None and split == self._segmenter.piece_start:
                await self._take_events(self._segmenter.split())
            self._forget()
            self._changed.set()
        received = (timeline.end - before) / SAMPLE_RATE
        self._allowance = min(max(received, self._allowance / 2), _MOST_ALLOWANCE)
        silence = max(self.options.endpoint_silence_ms / 1000, _HICCUP)
        self._silent_at = asyncio.get_running_loop().time() + silence + self._allowance

    def _flushed(self) -> list[SpeechEvent]:
        """End of what is open; the mark itself says that the segment is over."""
        events = self._segmenter.flush(self._hearing.timeline.end)
        return [event for event in events if not isinstance(event, SegmentEnded)]

    async def _take_events(self, events: list[SpeechEvent]) -> None:
        for event in events:
            match event:
                case SpeechStarted():
                    await self._tell_speech(event)
                case SpeechEnded():
                    if self._speakers is not None:
                        self._speakers.paused(event.at)
                    await self._tell_speech(event)
                case Piece():
                    said = _Said(event, time.monotonic())
                    self._spoken = True
                    if self._speakers is not None:
                        self._speakers.ended(event)
                    await self._room_for_job()
                    self._add_job(said)
                case SegmentEnded():
                    self._add_job(event)
                    self._end_turn()

    async def _tell_speech(self, event: SpeechStarted | SpeechEnded) -> None:
        """Say at once that speech began or paused, or in its turn where turns are told."""
        if self._turns is None:
            await self._announce(event)
        elif isinstance(event, SpeechEnded):
            self._turns.paused(event)
        elif (began := self._turns.started(event)) is not None:
            self._add_job(began)

    def _end_turn(self) -> None:
        """Where turns are told, say that speech has ended, after what was said."""
        if self._turns is not None and (ended := self._turns.over()) is not None:
            self._add_job(ended)

    async def _announce(self, event: SpeechStarted | SpeechEnded) -> None:
        if self.options.vad_events:
            began = isinstance(event, SpeechStarted)
            kind = messages.SpeechStarted if began else messages.SpeechEnded
            await self._outbox.put(kind(session_id=self.session_id, timestamp=seconds(event.at)))

    async def _room_for_job(self) -> None:
        while sum(not isinstance(job, _PASSING) for job in self._jobs) >= _MOST_JOBS:
            self._done.clear()
            await self._done.wait()

    def _add_job(self, job: _Job) -> None:
        self._jobs.append(job)
        self._changed.set()

    def _forget(self) -> None:
        waiting = (job.piece.start for job in self._jobs if isinstance(job, _Said))
        following = next(waiting, self._segmenter.needed_from)
        needed = self._recognition.needed_from(following)
        if self._speakers is not None:
            needed = min(needed, self._speakers.needed_from(following))
        self._hearing.timeline.forget(needed)

    # Answering: pieces of speech to messages.

    async def _answer(self) -> None:
        draft: asyncio.Task[None] | None = None
        try:
            while True:
                self._changed.clear()
                if self._jobs:
                    await _end(draft)
                    draft = None
                    over = await self._finish_job(self._jobs[0])
                    self._jobs.popleft()
                    self._done.set()
                    if over:
                        return
                    continue
                if draft is not None and draft.done():
                    draft.result()
                    draft = None
                early = draft is None and self._early_due()
                if early or (draft is None and self._draft_due()):
                    draft = asyncio.create_task(self._draft(early=early))
                    draft.add_done_callback(lambda _: self._changed.set())
                await self._changed.wait()
        finally:
            await _end(draft)

    async def _finish_job(self, job: _Job) -> bool:
        """Do one job in turn; True when nothing follows."""
        match job:
            case _Said():
                await self._finish_piece(job)
            case SpeechStarted() | SpeechEnded():
                await self._tell_turn(job)
            case SegmentEnded():
                if self._held or self._ready or self._shown:
                    await self._final(ended=self._is_long_over)
            case _Quiet():
                if self._text.holding:
                    await self._final(ended=True)
                await self._tell_owed()
            case _Ends(mark):
                return await self._answer_mark(mark)
            case UndecodableAudioError():
                if self._held or self._ready or self._shown or self._text.holding:
                    await self._final(ended=True)
                await self._tell_owed()
                await self._outbox.end(job)
                return True
        return False

    async def _answer_mark(self, mark: _Mark) -> bool:
        last = mark is _Mark.FINISH
        if last:
            await self._tell_owed()  # nothing follows the last transcript
        await self._final(answers=mark, ended=True)
        await self._tell_owed()
        if last:
            await self._outbox.end()
        return last

    async def _tell_turn(self, event: SpeechStarted | SpeechEnded) -> None:
        """Say that a turn began, or ended unless words of it are held back."""
        await self._tell_owed()
        if isinstance(event, SpeechEnded) and self._text.holding:
            self._owed = event
        else:
            await self._announce(event)

    async def _tell_owed(self) -> None:
        """Say that the turn has ended whose words were held back."""
        owed, self._owed = self._owed, None
        if owed is not None:
            await self._announce(owed)

    async def _finish_piece(self, said: _Said) -> None:
        piece = said.piece
        hypothesis = await self._understand(said)
        if hypothesis.words:
            if self._held and hypothesis.language != self._language:
                # Each language is read by its own rules.
                self._ready += self._text.final(self._held, language=self._code(self._language))
                self._held = []
            self._language = hypothesis.language
            self._shares[hypothesis.language or ""] += len(join(hypothesis.words))
        self._held += hypothesis.words
        await self._cut_by_count()
        may_cut = self.options.finalize_on_words or len(self._held) >= MOST_WORDS
        if piece.ending in ("pause", "length") and may_cut and (self._held or self._ready):
            await self._final()

    async def _understand(self, said: _Said) -> Hypothesis:
        """Find out what is said in a piece, and at the same time by whom."""
        piece = said.piece
        final = self._recognition.final(piece, asked=said.asked, background=self._background)
        if self._speakers is None:
            return await final
        deciding = asyncio.create_task(self._speakers.decide(piece))
        try:
            hypothesis = await final
            await deciding
        finally:
            await _end(deciding)
        words = tuple(self._speakers.assign(hypothesis.words))
        return msgspec.structs.replace(hypothesis, words=words)

    async def _cut_by_count(self) -> None:
        count = self.options.max_words
        while count is not None and len(self._held) > count:
            rest = self._held[count:]
            self._held = self._held[:count]
            await self._final()
            self._held = rest

    async def _final(self, *, answers: _Mark | None = None, ended: bool = False) -> None:
        """Send a final, unless all that it would say is held back.

        Args:
            answers: The mark that asked for it.
            ended: Whether nothing may be held back; then it is sent in any case.
        """
        text = self._text.final(self._held, language=self._code(self._language), ended=ended)
        words, self._held, self._ready = [*self._ready, *text], [], []
        if not words and not ended and self._text.holding:
            return
        self._shown = False
        spoken = [code for code in self._shares if code]
        primary = max(spoken, key=self._shares.__getitem__, default=self._language)
        self._shares.clear()
        message = self._builder.final(
            words,
            language=primary,
            spoken=spoken,
            is_last=answers is _Mark.FINISH,
            from_finalize=answers is _Mark.FINALIZE,
        )
        await self._outbox.put(message, replaces_draft=True)

    @property
    def _is_long_over(self) -> bool:
        """Whether a segment that ends has been over for as long as anything is held back."""
        patience = self._text.patience
        silence = self.options.endpoint_silence_ms * SAMPLE_RATE // 1000
        return patience is not None and silence >= patience

    def _code(self, language: str | None) -> str:
        """Return the language by whose rules text is read: the pinned or the detected one."""
        asked = self.options.language
        return (language or "en") if languages.is_aggregate(asked) else asked

    def _draft_due(self) -> bool:
        """Whether enough has been said since the last partial, or something and long enough ago."""
        if not self._live:
            return False
        start, cadence = self._segmenter.piece_start, self._recognizer.cadence
        if start is None or cadence is None:
            return False
        last, spoken = self._drafted, self._segmenter.spoken
        if last.start != start:
            return spoken >= cadence * SAMPLE_RATE
        new, passed = spoken - last.spoken, self._hearing.timeline.end - last.end
        longest = self._recognizer.longest_interval * SAMPLE_RATE
        return new >= cadence * SAMPLE_RATE or (passed >= longest and new >= longest / 3)

    def _early_due(self) -> bool:
        """Whether somebody may just have stopped speaking, and there is time to answer at once."""
        voice_end = self._segmenter.voice_end
        return (
            self._segmenter.piece_start is not None
            and self._recognizer.cadence is not None
            and self._hushed != voice_end
            and self._hearing.timeline.end - voice_end >= _HUSH
            and self._recognizer.usage.busy < _IDLE
            and not self._background
        )

    async def _draft(self, *, early: bool) -> None:
        start, now = self._segmenter.piece_start, time.monotonic()
        if start is None:
            return  # it has ended in the meantime
        spoken = self._segmenter.spoken
        last = self._drafted.at if self._drafted.start == start else now - spoken / SAMPLE_RATE
        self._drafted = _Drafted(start=start, spoken=spoken, end=self._hearing.timeline.end, at=now)
        if early:
            self._hushed = self._segmenter.voice_end
            hypothesis = await self._recognition.decide_early(since=last)
        else:
            hypothesis = await self._recognition.draft(since=last, background=self._background)
        words = [*self._held, *hypothesis.words]
        text = self._text.partial(
            words,
            settled=len(self._held) + hypothesis.settled,
            language=self._code(hypothesis.language),
        )
        if text or self._ready or self._shown:
            self._shown = True
            await self._outbox.put_draft(self._builder.partial([*self._ready, *text]))
        if self.options.max_words is not None and len(words) > self.options.max_words:
            self._split_wanted = start

    @property
    def _background(self) -> bool:
        """Whether the audio has come so much faster than it was spoken that nobody waits for it."""
        ahead = self.audio_seconds - (time.monotonic() - self._started)
        return not self._live or ahead > _AHEAD


def _loaded(options: Options) -> Recognizer:
    return Recognizer.load(diarization=Diarization.load() if options.diarize else None)


async def _end(task: asyncio.Task[None] | None) -> None:
    """Cancel a task and wait until it has ended, however it did."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _indexed(options: Options) -> Keywords | None:
    if not options.keywords:
        return None
    return Keywords.of((keyword.text, keyword.boost) for keyword in options.keywords)


def _room(options: Options) -> int:
    width = BYTES_A_SAMPLE.get(options.encoding)
    rate = _COMPRESSED_RATE if width is None else width * options.sample_rate
    return BUFFERED_SECONDS * rate
