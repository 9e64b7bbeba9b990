"""The sleeps of a run, and when they end it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ...protocol.events import format_time
from .sleep_call import AttemptSuspended, SleepCall

TURNS = 10
"""Within so many turns of the event loop begins what follows on a step that has ended."""


class OpenSleeps:
    """Lets short sleeps keep their slot. A longer one ends the run, once nothing else of it is being done: all that sleep are interrupted."""

    def __init__(self, slot_wait: timedelta, now: Callable[[], datetime]) -> None:
        self._slot_wait, self._now = slot_wait, now
        self._open: dict[asyncio.Future[None], tuple[str, datetime]] = {}
        self._busy = 0
        self._idling: asyncio.Task[None] | None = None
        self._is_over = False
        self.until: datetime | None = None
        """When the attempt is to go on, if it was interrupted."""

    @contextmanager
    def working(self) -> Iterator[None]:
        """Nothing is interrupted meanwhile."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._look()

    def keeps_slot(self, end: datetime) -> bool:
        return end - self._now() <= self._slot_wait

    async def wait(self, call: SleepCall, end: datetime) -> None:
        """Returns at the end of the sleep. Raises AttemptSuspended when it is interrupted."""
        left = (end - self._now()) / timedelta(seconds=1)
        if left > 0 and self.keeps_slot(end):
            with self.working():
                await asyncio.sleep(left)
        elif left > 0:
            await self._wait_long(call, end, left)

    def over(self) -> None:
        """The handler has ended: what still sleeps does not matter any more."""
        self._is_over = True
        for sleeping in self._open:
            sleeping.cancel()

    async def _wait_long(self, call: SleepCall, end: datetime, left: float) -> None:
        loop = asyncio.get_running_loop()
        sleeping: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(left, _settle, sleeping)  # should what else is being done take as long
        self._open[sleeping] = call.title, end
        self._look()
        try:
            await sleeping
        finally:
            timer.cancel()
            del self._open[sleeping]

    def _look(self) -> None:
        if self._idling is None and self._may_interrupt():
            self._idling = asyncio.create_task(self._interrupt_when_idle())

    async def _interrupt_when_idle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
            if not self._may_interrupt():
                break
        else:
            self._interrupt()
        self._idling = None

    def _may_interrupt(self) -> bool:
        return self._busy == 0 and bool(self._open) and not self._is_over and self.until is None

    def _interrupt(self) -> None:
        self.until = min(end for _, end in self._open.values())
        for sleeping, (title, _) in self._open.items():
            if not sleeping.done():
                sleeping.set_exception(self.interruption(title))

    def interruption(self, where: str) -> AttemptSuspended:
        until = "" if self.until is None else f": it goes on at {format_time(self.until)}"
        return AttemptSuspended(f"the attempt ends here for now, in {where}{until}")


def _settle(sleeping: asyncio.Future[None]) -> None:
    if not sleeping.done():
        sleeping.set_result(None)
