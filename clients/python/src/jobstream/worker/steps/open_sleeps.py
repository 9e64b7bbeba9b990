"""The sleeps and waits of a run, and when they end it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...protocol.events import format_time
from .sleep_call import LONGEST, AttemptSuspended, SleepCall
from .wait_call import WaitCall

TURNS = 10
"""Within so many turns of the event loop begins what follows on a step that has ended."""


@dataclass(frozen=True)
class Suspension:
    """For what an attempt waits."""

    until: datetime
    signals: tuple[str, ...]
    """The names of the signals by which it is called earlier."""


@dataclass(frozen=True)
class _Open:
    title: str
    end: datetime | None
    signal: str | None = None


class OpenSleeps:
    """Lets short sleeps keep their slot. A longer one, or a wait for a signal, ends the run, once nothing else of it is being done: all
    that sleep and wait are interrupted."""

    def __init__(
        self, slot_wait: timedelta, now: Callable[[], datetime], time_left: Callable[[], timedelta] = lambda: LONGEST
    ) -> None:
        self._slot_wait, self._now, self._time_left = slot_wait, now, time_left
        self._open: dict[asyncio.Future[None], _Open] = {}
        self._busy = 0
        self._idling: asyncio.Task[None] | None = None
        self._is_over = False
        self.suspension: Suspension | None = None
        """None unless the run was interrupted."""

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
        """A sleep in the slot counts for the time-out of the attempt, so it leaves half of that."""
        return end - self._now() <= min(self._slot_wait, self._time_left() / 2)

    async def wait(self, call: SleepCall, end: datetime) -> None:
        """Returns at the end of the sleep. Raises AttemptSuspended when it is interrupted."""
        left = (end - self._now()) / timedelta(seconds=1)
        if left > 0 and self.keeps_slot(end):
            with self.working():
                await asyncio.sleep(left)
        elif left > 0:
            await self._wait_long(_Open(call.title, end))

    async def wait_for_signal(self, call: WaitCall, end: datetime | None) -> None:
        """Returns at the end of the time limit, if the run lasts so long. Raises AttemptSuspended when it is interrupted."""
        await self._wait_long(_Open(call.title, end, call.signal))

    def over(self) -> None:
        """The handler has ended: what still sleeps does not matter any more."""
        self._is_over = True
        for sleeping in self._open:
            sleeping.cancel()

    async def _wait_long(self, one: _Open) -> None:
        loop = asyncio.get_running_loop()
        sleeping: asyncio.Future[None] = loop.create_future()
        left = ((one.end or self._now() + LONGEST) - self._now()) / timedelta(seconds=1)
        timer = loop.call_later(left, _settle, sleeping)  # should what else is being done take as long
        self._open[sleeping] = one
        if self._is_over:
            sleeping.cancel()
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
        return self._busy == 0 and bool(self._open) and not self._is_over and self.suspension is None

    def _interrupt(self) -> None:
        until = min((one.end for one in self._open.values() if one.end is not None), default=self._now() + LONGEST)
        signals = {one.signal for one in self._open.values() if one.signal is not None}
        self.suspension = Suspension(until, tuple(sorted(signals)))
        for sleeping, one in self._open.items():
            if not sleeping.done():
                sleeping.set_exception(self.interruption(one.title))

    def interruption(self, where: str) -> AttemptSuspended:
        return AttemptSuspended(f"the attempt ends here for now, in {where}{self._goes_on()}")

    def _goes_on(self) -> str:
        if self.suspension is None:
            return ""
        names = " or ".join(f"'{name}'" for name in self.suspension.signals)
        called = f", or earlier by the signal {names}" if names else ""
        return f": it goes on at {format_time(self.suspension.until)}{called}"


def _settle(sleeping: asyncio.Future[None]) -> None:
    if not sleeping.done():
        sleeping.set_result(None)
