"""Which waiting job gets the next free slot."""

from __future__ import annotations

import asyncio
import unittest
from collections import Counter

from jobstream.worker.slots import Slots

MANY = 1_000


class Consumers:
    """Consumers that deliver one message at a time, as the worker takes them; a job ends in its slot when the test says so."""

    def __init__(self, slots: int, **waiting: int) -> None:
        self.slots = Slots(slots)
        self.started: list[str] = []
        self.tasks = [asyncio.create_task(self._take(name, count)) for name, count in waiting.items()]

    async def _take(self, name: str, count: int) -> None:
        priority = None if name == "normal" else name
        for pending in reversed(range(count)):
            await asyncio.sleep(0)  # the message is on its way
            await self.slots.acquire(priority, name, pending)
            self.started.append(name)

    async def starts(self, count: int) -> Counter[str]:
        """Ends one job after the other until so many have started, and tells their priorities."""
        while len(self.started) < count and not all(task.done() for task in self.tasks):
            before = len(self.started)
            self.slots.release()
            while len(self.started) == before and not all(task.done() for task in self.tasks):
                await asyncio.sleep(0)
        for task in self.tasks:
            task.cancel()
        return Counter(self.started[:count])


class Sharing(unittest.IsolatedAsyncioTestCase):
    async def test_starts_are_shared_by_weight_while_jobs_of_each_priority_wait(self) -> None:
        for slots in (1, 10):
            consumers = Consumers(slots, low=MANY, normal=MANY, high=MANY)
            self.assertEqual(await consumers.starts(210), {"high": 160, "normal": 40, "low": 10})

    async def test_of_two_priorities_each_has_its_share(self) -> None:
        self.assertEqual(await Consumers(4, low=MANY, normal=MANY).starts(100), {"normal": 80, "low": 20})

    async def test_one_priority_has_all_slots_and_saves_up_nothing_for_the_others(self) -> None:
        consumers = Consumers(1, low=50, high=0)
        self.assertEqual(await consumers.starts(50), {"low": 50})
        consumers.tasks = [asyncio.create_task(consumers._take(name, MANY)) for name in ("low", "high")]
        consumers.started.clear()
        self.assertEqual(await consumers.starts(34), {"high": 32, "low": 2})

    async def test_a_slot_does_not_wait_for_what_other_workers_have_taken(self) -> None:
        slots = Slots(3)
        await slots.acquire("high", "high", MANY)
        for _ in range(2):
            await asyncio.wait_for(slots.acquire("low", "low", 0), 20)
        self.assertEqual(slots.free, 0)

    async def test_jobs_of_one_priority_begin_in_their_order(self) -> None:
        slots, started = Slots(1), []

        async def start(number: int) -> None:
            await slots.acquire("low", str(number), 0)
            started.append(number)

        waiting = [asyncio.create_task(start(number)) for number in range(5)]
        for _ in waiting:
            await asyncio.sleep(0)
            slots.release()
        await asyncio.gather(*waiting)
        self.assertEqual(started, [0, 1, 2, 3, 4])
