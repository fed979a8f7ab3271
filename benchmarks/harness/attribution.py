"""How well words are attributed to their speakers, under the best naming of those found."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np

from benchmarks.harness.conversations import Conversation, Speech
from benchmarks.harness.speaking import Labelled
from sferic.audio import SAMPLE_RATE

COLLAR_S = 0.25
"""Seconds on both sides of each border of a reference turn that are not scored."""
JOINED_S = 0.5
"""A shorter gap between words of one speaker is no silence."""
_STEP = SAMPLE_RATE // 100


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one conversation; sums of them are counts of several."""

    alone: int
    """Words that were heard and have one speaker."""
    alone_right: int
    together: int
    """Words that were heard while several spoke."""
    together_right: int
    """Those attributed to one of them."""
    unheard: int
    speakers: int
    found: int
    """Speakers that words were attributed to."""
    scored_s: float
    """Reference speech that the error rate is of: alone, and outside of all collars."""
    missed_s: float
    false_s: float
    confused_s: float
    judged: tuple[tuple[float, bool], ...]
    """Confidence of each word with one speaker, and whether it was right."""

    @property
    def error_rate(self) -> float:
        """Diarization error rate: what was missed, invented and confused, by what there was."""
        return (self.missed_s + self.false_s + self.confused_s) / max(self.scored_s, 1e-9)


def attribution(conversation: Conversation, labelled: Sequence[Labelled]) -> Attribution:
    """Score what a session said of the words of a conversation."""
    words = conversation.words
    alone = [each for each in labelled if len(words[each.word].speakers) == 1]
    naming = best_naming(Counter((each.speaker, min(words[each.word].speakers)) for each in alone))
    rights = [naming.get(each.speaker) in words[each.word].speakers for each in alone]
    together = [each for each in labelled if len(words[each.word].speakers) > 1]
    missed, false, confused, scored = _times(conversation, labelled, naming)
    return Attribution(
        alone=len(alone),
        alone_right=sum(rights),
        together=len(together),
        together_right=sum(
            naming.get(each.speaker) in words[each.word].speakers for each in together
        ),
        unheard=len(words) - len(labelled),
        speakers=len(conversation.speakers),
        found=len({each.speaker for each in labelled}),
        scored_s=scored,
        missed_s=missed,
        false_s=false,
        confused_s=confused,
        judged=tuple((each.confidence, right) for each, right in zip(alone, rights, strict=True)),
    )


def best_naming(counts: Counter[tuple[int, str]]) -> dict[int, str]:
    """Which speaker each number stands for, each for one at most, so that most words are right.

    Args:
        counts: Words by number and speaker.
    """
    numbers = sorted({number for number, _ in counts})
    names = sorted({name for _, name in counts})

    @cache
    def best(place: int, taken: int) -> tuple[int, tuple[tuple[int, str], ...]]:
        if place == len(numbers):
            return 0, ()
        options = [best(place + 1, taken)]
        for index, name in enumerate(names):
            count = counts[numbers[place], name]
            if count and not taken >> index & 1:
                right, rest = best(place + 1, taken | 1 << index)
                options.append((right + count, ((numbers[place], name), *rest)))
        return max(options, key=lambda option: option[0])

    return dict(best(0, 0)[1])


def calibration_error(judged: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error: how far confidence and accuracy are apart, by bins of words."""
    total = 0.0
    for low in range(bins):
        within = [each for each in judged if min(int(each[0] * bins), bins - 1) == low]
        if within:
            sure = sum(confidence for confidence, _ in within)
            right = sum(right for _, right in within)
            total += abs(sure - right)
    return total / max(len(judged), 1)


def _times(
    conversation: Conversation, labelled: Sequence[Labelled], naming: dict[int, str]
) -> tuple[float, float, float, float]:
    """Seconds missed, invented, confused and scored where at most one speaks, by 10 ms."""
    names = sorted(conversation.speakers)
    steps = max(each.end for each in conversation.speech) // _STEP + 1
    reference = np.zeros((len(names), steps), bool)
    scored = np.ones(steps, bool)
    for each in conversation.speech:
        reference[names.index(each.speaker), each.start // _STEP : each.end // _STEP] = True
        for border in (each.start, each.end):
            away = round(COLLAR_S * SAMPLE_RATE)
            scored[max(border - away, 0) // _STEP : (border + away) // _STEP] = False
    scored &= reference.sum(axis=0) <= 1
    spoken, right = reference.any(axis=0), np.zeros(steps, bool)
    said = np.zeros(steps, bool)
    for stretch in _said(conversation, labelled, naming):
        span = slice(stretch.start // _STEP, stretch.end // _STEP)
        said[span] = True
        if stretch.speaker in names:
            right[span] |= reference[names.index(stretch.speaker), span]
    counts = (spoken & ~said, ~spoken & said, spoken & said & ~right, spoken)
    missed, false, confused, whole = (float((each & scored).sum()) / 100 for each in counts)
    return missed, false, confused, whole


def _said(
    conversation: Conversation, labelled: Sequence[Labelled], naming: dict[int, str]
) -> list[Speech]:
    stretches: list[Speech] = []
    for each in labelled:
        word = conversation.words[each.word]
        speaker = naming.get(each.speaker, f"#{each.speaker}")
        before = stretches[-1] if stretches else None
        near = before is not None and word.start - before.end < JOINED_S * SAMPLE_RATE
        if before is not None and near and before.speaker == speaker:
            stretches[-1] = Speech(before.start, word.end, speaker)
        else:
            stretches.append(Speech(word.start, word.end, speaker))
    return stretches
