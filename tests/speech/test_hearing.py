from collections.abc import Iterator

import numpy as np
import pytest

from engines import FakeVoiceActivity, linear16, say, silence
from sferic.audio import SAMPLE_RATE, open_decoder
from sferic.errors import UndecodableAudioError
from sferic.speech.hearing import Batch, Block, Hearing, batches
from sferic.speech.segmenter import Piece, Segmenter, SpeechStarted
from sferic.speech.vad import FRAME


def hearing(*, sample_rate: int = SAMPLE_RATE) -> Hearing:
    segmenter = Segmenter(threshold=0.5, min_speech=1600, endpoint_silence=9600)
    decoder = open_decoder("linear16", sample_rate)
    return Hearing(decoder, FakeVoiceActivity().stream(), segmenter)


def blocks(*lengths: int) -> Iterator[Block]:
    return (Block(np.zeros(length, np.float32), []) for length in lengths)


def test_audio_is_put_in_its_place_with_what_it_says_about_speech() -> None:
    ear = hearing()
    audio = linear16(silence(0.32), say(1, 2), silence(1))
    events = [
        event for block in ear.decode([audio[:999], audio[999:]]) for event in ear.take(block)
    ]
    assert ear.timeline.end == ear.position == len(audio) // 2
    assert events[0] == SpeechStarted(10 * FRAME)
    assert any(isinstance(event, Piece) for event in events)


def test_a_flush_brings_the_timeline_up_to_what_was_received() -> None:
    ear = hearing(sample_rate=44_100)
    for block in ear.decode([linear16(say(1))]):
        ear.take(block)
    assert ear.timeline.end < ear.position
    for block in ear.flush():
        ear.take(block)
    assert ear.timeline.end == ear.position


def test_decoding_is_lazy() -> None:
    ear = hearing()
    minutes = batches(ear.decode([linear16(silence(120))]))
    assert sum(len(block.samples) for block in next(minutes).blocks) <= 2 * SAMPLE_RATE


def test_a_batch_is_about_a_second_and_the_last_one_is_the_rest() -> None:
    assert lengths(batches(blocks(9000, 9000, 9000, 100))) == [[9000, 9000], [9000, 100]]
    assert lengths(batches(blocks(16_000, 16_000))) == [[16_000], [16_000], []]


def test_the_last_batch_says_so_and_there_always_is_one() -> None:
    for parts in ((), (100,), (16_000,), (16_000, 100)):
        *before, last = batches(blocks(*parts))
        assert last.last
        assert not any(batch.last for batch in before)
    assert len(list(batches(blocks(1600)))) == 1


def test_what_is_decoded_before_damage_is_not_lost() -> None:
    def damaged() -> Iterator[Block]:
        yield from blocks(100, 200)
        raise UndecodableAudioError("opus", "it is a test")

    heard = batches(damaged())
    before = next(heard)
    assert [len(block.samples) for block in before.blocks] == [100, 200]
    assert not before.last
    with pytest.raises(UndecodableAudioError):
        next(heard)


def lengths(heard: Iterator[Batch]) -> list[list[int]]:
    return [[len(block.samples) for block in batch.blocks] for batch in heard]
