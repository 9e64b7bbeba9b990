"""Progress reports, which must neither fail an attempt nor fill the log."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any

from .outcome import clean

log = logging.getLogger("jobstream")

PAUSE = 0.25
MESSAGE_LIMIT = 1024


class ProgressReporter:
    """Appends the reports of one attempt: one at a time, and of those that come meanwhile the last one."""

    def __init__(
        self, append: Callable[[dict[str, Any]], Awaitable[None]], on_failure: Callable[[Exception], None]
    ) -> None:
        self._append, self._on_failure = append, on_failure
        self._finished = asyncio.Event()
        self._next: dict[str, Any] | None = None
        self._task: asyncio.Task[None] | None = None

    def report(self, percent: float | None, message: str | None) -> None:
        if self._finished.is_set():
            return
        self._next = report_of(percent, message)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._append_all())

    async def finish(self) -> None:
        """Waits until the last report is appended, if there is one. Later ones are ignored."""
        self._finished.set()
        if self._task is not None:
            await self._task

    async def _append_all(self) -> None:
        try:
            while self._next is not None:
                data, self._next = self._next, None
                await self._append(data)
                await self._pause()
        except Exception as error:
            self._finished.set()
            self._on_failure(error)

    async def _pause(self) -> None:
        """Between two events of one job."""
        try:
            await asyncio.wait_for(self._finished.wait(), PAUSE)
        except TimeoutError:
            pass


def report_of(percent: float | None, message: str | None) -> dict[str, Any]:
    """The data of a JobProgressed. A wrong number in a report must not fail the job."""
    data: dict[str, Any] = {}
    if percent is not None and math.isfinite(percent):
        data["percent"] = min(100, max(0, percent))
    if message is not None:
        data["message"] = clean(message, MESSAGE_LIMIT)
    return data
