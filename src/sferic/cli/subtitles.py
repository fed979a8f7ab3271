"""Words with times to subtitles: cues that can be read, and the files they are written to.

The measures are those of television: two lines of 42 characters, 17 characters a second where the
speech leaves the time, from one second to seven (BBC, "Subtitle Guidelines"; Netflix, "Timed Text
Style Guide").
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Literal

import msgspec
from msgspec import UNSET
from rich.cells import cell_len

from sferic.audio.clock import SAMPLE_RATE
from sferic.protocol.messages import Transcription, WordItem
from sferic.recognition.hypothesis import Word
from sferic.text import sentences

SubtitleFormat = Literal["srt", "vtt"]

LINE_WIDTH = 42
"""Columns of a line; a character of a wide script counts as two."""

_SHORTEST_S, _LONGEST_S = 1.0, 7.0
_A_SECOND = 17
"""Columns that can be read in a second."""
_APART_S = 0.08
"""Between two cues that would otherwise touch: the eye sees that the text changes."""
_INSTANT_S = 0.01
_PAUSE_S = 1.0
"""Silence that always ends a cue."""
_MOST_WORDS = 120
"""Words that are laid out together; speech without a pause is longer."""
_CLAUSES = tuple(",;:，、；：،؛–—")


class Cue(msgspec.Struct, frozen=True):
    """What is shown at once."""

    start: float
    """Seconds."""
    end: float
    lines: tuple[str, ...]


class _Spoken(msgspec.Struct, frozen=True):
    text: str
    glued: bool
    """No space goes before it."""
    start: float
    end: float
    speaker: int | None
    language: str | None


class Subtitler:
    """Makes cues of the finals of a session, as they come."""

    def __init__(self) -> None:
        self._words: list[_Spoken] = []
        self._shown_until = 0.0

    def add(self, final: Transcription) -> list[Cue]:
        """Take a final with `words`; return the cues that later words do not change."""
        if final.words is UNSET or not final.words:
            return []
        for word in _spoken(final, final.words):
            start = max(word.start, self._words[-1].start if self._words else 0.0)
            end = max(word.end, start)
            self._words.append(msgspec.structs.replace(word, start=start, end=end))
        cues: list[Cue] = []
        while (count := self._ready()) is not None:
            ready, self._words = self._words[:count], self._words[count:]
            following = self._words[0].start
            groups = _divide(ready)
            if len(groups) > 1 and not _is_break(ready[-1], self._words[0]):
                # Speech goes on here, and the last cue may yet hold more of it.
                self._words[:0] = groups.pop()
                following = self._words[0].start
            cues += self._cues(groups, following)
        return cues

    def finish(self) -> list[Cue]:
        """Return the rest."""
        words, self._words = self._words, []
        return list(self._cues(_divide(words), float("inf")))

    def _ready(self) -> int | None:
        """How many words can be laid out; None while that depends on what follows."""
        for index, (before, after) in enumerate(pairwise(self._words), start=1):
            if index == _MOST_WORDS or _is_break(before, after):
                return index
        return None

    def _cues(self, groups: Sequence[Sequence[_Spoken]], following: float) -> Iterator[Cue]:
        for index, group in enumerate(groups):
            after = groups[index + 1][0].start if index + 1 < len(groups) else following
            lines = _lines(group)
            start, spoken = max(group[0].start, self._shown_until), group[-1].end
            reading = min(max(_SHORTEST_S, sum(map(cell_len, lines)) / _A_SECOND), _LONGEST_S)
            # Shown for longer than it is spoken, but only while nothing else is to be shown.
            end = min(max(spoken, start + reading), max(spoken, after - _APART_S), after)
            self._shown_until = max(end, start + _INSTANT_S)
            yield Cue(start, self._shown_until, lines)


def render(cue: Cue, number: int, kind: SubtitleFormat) -> str:
    """Write a cue as it stands in a file, blank line included.

    Args:
        cue: What to write.
        number: Its place, from 1.
        kind: SubRip, or WebVTT (W3C).
    """
    if kind == "srt":
        times = f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}"
        return f"{number}\n{times}\n" + "".join(f"{line}\n" for line in cue.lines) + "\n"
    times = f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}"
    return f"{times}\n" + "".join(f"{_escaped(line)}\n" for line in cue.lines) + "\n"


def header(kind: SubtitleFormat) -> str:
    """Return what a file begins with."""
    return "WEBVTT\n\n" if kind == "vtt" else ""


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _spoken(final: Transcription, words: Sequence[WordItem]) -> Iterator[_Spoken]:
    """Words as the transcript has them: placeholders in capitals, and in some scripts no spaces."""
    text, place = final.transcript.lower(), 0
    aligned = len(text) == len(final.transcript)
    for word in words:
        if not (shown := " ".join(word.word.split())):
            continue
        sought = word.word.lower()
        found = text.find(sought, place)
        glued = found == place and found > 0
        if found >= 0:
            place = found + len(sought)
            if aligned:
                shown = " ".join(final.transcript[found:place].split())
        yield _Spoken(
            text=shown,
            glued=glued,
            start=word.start,
            end=word.end,
            speaker=None if word.speaker is UNSET else word.speaker,
            language=final.language or None,
        )


def _is_break(before: _Spoken, after: _Spoken) -> bool:
    return after.start - before.end >= _PAUSE_S or after.speaker != before.speaker


class _Widths:
    """Columns of any stretch of some words."""

    def __init__(self, words: Sequence[_Spoken]) -> None:
        self._before = [0]
        self._spaces = [0 if word.glued else 1 for word in words]
        for word, space in zip(words, self._spaces, strict=True):
            self._before.append(self._before[-1] + space + cell_len(word.text))

    def of(self, start: int, end: int) -> int:
        return self._before[end] - self._before[start] - self._spaces[start]


def _divide(words: Sequence[_Spoken]) -> list[list[_Spoken]]:
    """Cut words into cues where it costs least, by dynamic programming over all cuts."""
    widths = _Widths(words)
    ends = _sentence_ends(words)
    cost, begins = [0.0], [0]
    for end in range(1, len(words) + 1):
        options = []
        for start in range(end - 1, -1, -1):
            if end - start > 1 and not _fits(words, widths, start, end):
                break
            options.append((cost[start] + _price(words, widths, ends, start, end), start))
        cheapest, begin = min(options)
        cost.append(cheapest)
        begins.append(begin)
    groups, end = [], len(words)
    while end:
        groups.append(list(words[begins[end] : end]))
        end = begins[end]
    return groups[::-1]


def _sentence_ends(words: Sequence[_Spoken]) -> set[int]:
    if not words:
        return set()
    plain = [
        Word(
            text=word.text,
            start=round(word.start * SAMPLE_RATE),
            end=round(word.end * SAMPLE_RATE),
            confidence=1.0,
            glued=word.glued,
        )
        for word in words
    ]
    return set(accumulate(map(len, sentences.split(plain, language=words[0].language))))


def _fits(words: Sequence[_Spoken], widths: _Widths, start: int, end: int) -> bool:
    if words[end - 1].end - words[start].start > _LONGEST_S:
        return False
    return widths.of(start, end) <= LINE_WIDTH or any(
        widths.of(start, cut) <= LINE_WIDTH and widths.of(cut, end) <= LINE_WIDTH
        for cut in range(start + 1, end)
    )


def _price(
    words: Sequence[_Spoken], widths: _Widths, ends: set[int], start: int, end: int
) -> float:
    price = 1.0  # few cues rather than many
    last, after = words[end - 1], words[end] if end < len(words) else None
    if after is not None and end not in ends:
        # At best a cue ends with a sentence, else with a clause, else where the speaker pauses.
        pause = min(max(after.start - last.end, 0.0) / 0.5, 1.0)
        price += 1.0 if last.text.endswith(_CLAUSES) else 3.0 - 1.5 * pause
    for inner in range(start + 1, end):
        pause = words[inner].start - words[inner - 1].end
        price += (0.6 if inner in ends else 0.0) + 2.0 * max(pause - 0.3, 0.0)
    time = (after.start if after else last.end + _SHORTEST_S) - words[start].start
    price += 3.0 * max(0.0, _SHORTEST_S - time)
    return price + (0.5 if widths.of(start, end) < LINE_WIDTH / 3 else 0.0)


def _lines(words: Sequence[_Spoken]) -> tuple[str, ...]:
    widths = _Widths(words)
    count = len(words)
    if count == 1 or widths.of(0, count) <= LINE_WIDTH:
        return (_joined(words),)

    def ugliness(cut: int) -> float:
        first, second = widths.of(0, cut), widths.of(cut, count)
        too_wide = max(first, second, LINE_WIDTH) - LINE_WIDTH
        between_clauses = words[cut - 1].text.endswith((*_CLAUSES, *".?!…。？！"))
        return abs(first - second) / LINE_WIDTH + 10 * too_wide - 0.3 * between_clauses

    cut = min(range(1, count), key=ugliness)
    return _joined(words[:cut]), _joined(words[cut:])


def _joined(words: Sequence[_Spoken]) -> str:
    text = "".join(word.text if word.glued else f" {word.text}" for word in words)
    return text.removeprefix(" ")
