"""What is said to the server: 16 bits, mono, 16 kHz."""

import io
import wave

import numpy as np

from recordings import SAMPLE_RATE, Samples, clip, two_cities

FOX = "The quick brown fox jumps over the lazy dog."
HELLO = "Hello world."
BYTES_A_SECOND = 2 * SAMPLE_RATE


def pcm(samples: Samples) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def fox() -> bytes:
    return pcm(clip("en/quick_brown_fox")[0])


def hello() -> bytes:
    return pcm(clip("en/hello_world")[0])


def digits() -> bytes:
    """The numbers from one to ten, which redaction takes for a telephone number."""
    return pcm(clip("en/counting")[0])


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * SAMPLE_RATE) * 2)


def two_voices() -> bytes:
    """A reader, another voice, and the reader again."""
    reader = two_cities()
    return b"".join(
        (
            pcm(_leveled(reader[: round(5.5 * SAMPLE_RATE)])),
            silence(0.4),
            pcm(_leveled(clip("en/quick_brown_fox")[0])),
            silence(0.4),
            pcm(_leveled(clip("en/counting")[0])),
            silence(0.4),
            pcm(_leveled(reader[6 * SAMPLE_RATE : 12 * SAMPLE_RATE])),
        )
    )


def cut(audio: bytes, milliseconds: int = 100) -> list[bytes]:
    size = BYTES_A_SECOND * milliseconds // 1000
    return [audio[at : at + size] for at in range(0, len(audio), size)]


def _leveled(samples: Samples) -> Samples:
    level: Samples = samples / np.sqrt(np.square(samples).mean()) * np.float32(0.06)
    return level


def wav(audio: bytes) -> bytes:
    """A file of it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(audio)
    return file.getvalue()
