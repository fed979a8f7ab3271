import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.queues import Inbox, Outbox


async def waits(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Start work that gets nowhere by itself."""
    task = asyncio.create_task(work)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    return task


async def read(outbox: Outbox[str], count: int) -> list[str]:
    return [await outbox.get() for _ in range(count)]


# What comes in


async def test_audio_and_controls_come_out_in_the_order_they_came() -> None:
    inbox: Inbox[str] = Inbox(1000)
    for item in (b"a", b"b", "finalize", b"c", "finish"):
        await inbox.put(item)
    taken = [await inbox.take(100) for _ in range(4)]
    assert taken == [[b"a", b"b"], "finalize", [b"c"], "finish"]


async def test_small_messages_are_taken_together_up_to_a_size() -> None:
    inbox: Inbox[str] = Inbox(1000)
    for _ in range(5):
        await inbox.put(b"12345")
    assert await inbox.take(12) == [b"12345", b"12345"]
    assert await inbox.take(3) == [b"12345"]


async def test_putting_waits_for_room() -> None:
    inbox: Inbox[str] = Inbox(10)
    await inbox.put(bytes(6))
    putting = await waits(inbox.put(bytes(5)))
    assert inbox.held == 6
    await inbox.take(10)
    assert await putting is True
    assert inbox.held == 5


async def test_a_message_larger_than_the_room_is_let_in_alone() -> None:
    inbox: Inbox[str] = Inbox(10)
    await inbox.put(bytes(600))
    putting = await waits(inbox.put(b"1"))
    assert await inbox.take(10) == [bytes(600)]
    await putting


async def test_a_flood_of_controls_is_bounded_too() -> None:
    inbox: Inbox[str] = Inbox(1000)
    for _ in range(3):
        await inbox.put("control")
    putting = await waits(inbox.put("control"))
    putting.cancel()


async def test_a_closed_inbox_takes_nothing_and_gives_what_it_has() -> None:
    inbox: Inbox[str] = Inbox(10)
    await inbox.put(b"1")
    await inbox.close()
    assert inbox.closed
    assert await inbox.put(b"2") is False
    assert await inbox.take(10) == [b"1"]


async def test_closing_lets_go_who_waits_for_room() -> None:
    inbox: Inbox[str] = Inbox(10)
    await inbox.put(bytes(10))
    putting = [await waits(inbox.put(b"1")), await waits(inbox.put("control"))]
    await inbox.close()
    assert await asyncio.gather(*putting) == [False, False]


async def test_taking_that_is_given_up_loses_nothing() -> None:
    inbox: Inbox[str] = Inbox(10)
    taking = await waits(inbox.take(10))
    await inbox.put(b"1")
    taking.cancel()
    assert await inbox.take(10) == [b"1"]


@given(sizes=st.lists(st.integers(0, 40), max_size=30), room=st.integers(1, 50))
def test_no_more_than_the_room_or_one_message_ever_waits(sizes: list[int], room: int) -> None:
    async def run() -> None:
        inbox: Inbox[str] = Inbox(room)

        async def fill() -> None:
            for size in sizes:
                await inbox.put(bytes(size))
                assert inbox.held <= max(room, size)

        filling = asyncio.create_task(fill())
        taken: list[bytes] = []
        while len(taken) < len(sizes):
            item = await inbox.take(1)
            assert isinstance(item, list)
            taken += item
        await filling
        assert [len(item) for item in taken] == sizes
        assert inbox.held == 0

    asyncio.run(run())


# What goes out


async def test_a_newer_partial_takes_the_place_of_an_unread_one() -> None:
    outbox: Outbox[str] = Outbox(10)
    await outbox.put_draft("one")
    await outbox.put("event")
    await outbox.put_draft("one two")
    assert await read(outbox, 2) == ["event", "one two"]


async def test_a_final_takes_the_place_of_an_unread_partial() -> None:
    outbox: Outbox[str] = Outbox(10)
    await outbox.put_draft("one")
    await outbox.put("event")
    await outbox.put("One.", replaces_draft=True)
    assert await read(outbox, 2) == ["event", "One."]


async def test_a_partial_that_was_read_is_not_taken_back() -> None:
    outbox: Outbox[str] = Outbox(10)
    await outbox.put_draft("one")
    assert await outbox.get() == "one"
    await outbox.put_draft("two")
    await outbox.put_draft("three")
    assert await outbox.get() == "three"


async def test_equal_messages_are_not_confused() -> None:
    outbox: Outbox[list[str]] = Outbox(10)
    await outbox.put(["one"])
    await outbox.put_draft(["one"])
    await outbox.put_draft(["two"])
    assert [await outbox.get(), await outbox.get()] == [["one"], ["two"]]


async def test_a_stalled_reader_makes_finals_wait_and_partials_collapse() -> None:
    outbox: Outbox[str] = Outbox(2)
    await outbox.put("a")
    await outbox.put("b")
    for number in range(100):
        await outbox.put_draft(str(number))
    putting = await waits(outbox.put("c", replaces_draft=True))
    assert await read(outbox, 2) == ["a", "b"]
    await putting
    assert await outbox.get() == "c"


async def test_the_partial_takes_no_room_from_the_final_that_replaces_it() -> None:
    outbox: Outbox[str] = Outbox(1)
    await outbox.put_draft("one")
    await outbox.put("One.", replaces_draft=True)
    assert await outbox.get() == "One."


async def test_reading_ends_after_the_last_message() -> None:
    outbox: Outbox[str] = Outbox(10)
    await outbox.put("last")
    await outbox.end()
    assert await outbox.get() == "last"
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await outbox.get()


async def test_an_error_comes_after_the_last_message() -> None:
    outbox: Outbox[str] = Outbox(10)
    await outbox.put("last")
    await outbox.end(OSError("it is a test"))
    assert await outbox.get() == "last"
    with pytest.raises(OSError, match="a test"):
        await outbox.get()


async def test_only_the_first_end_counts() -> None:
    outbox: Outbox[str] = Outbox(10)
    await outbox.end(OSError("first"))
    await outbox.end()
    await outbox.end(ValueError("third"))
    with pytest.raises(OSError, match="first"):
        await outbox.get()


async def test_nothing_is_kept_after_the_end() -> None:
    outbox: Outbox[str] = Outbox(10)
    await outbox.end()
    await outbox.put("late")
    await outbox.put_draft("later")
    with pytest.raises(StopAsyncIteration):
        await outbox.get()


async def test_the_end_lets_go_who_waits() -> None:
    full: Outbox[str] = Outbox(1)
    await full.put("a")
    putting = await waits(full.put("b"))
    empty: Outbox[str] = Outbox(1)
    getting = await waits(empty.get())
    await full.end()
    await empty.end()
    await putting
    with pytest.raises(StopAsyncIteration):
        await getting
