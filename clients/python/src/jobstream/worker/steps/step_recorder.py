"""Recording the steps of one attempt that have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from nats.errors import MaxPayloadError

from ...protocol.job import Step
from .step_errors import StepResultsTooLargeError


@dataclass
class _Batch:
    """Steps that share an event."""

    steps: list[Step] = field(default_factory=list)
    appended: asyncio.Task[None] | None = None


class StepRecorder:
    """Appends one event after the other; the steps that end meanwhile share the next."""

    def __init__(self, append: Callable[[list[Step]], Awaitable[None]]) -> None:
        self._append = append
        self._next: _Batch | None = None
        self._last: asyncio.Task[None] | None = None

    async def record(self, step: Step) -> None:
        """Returns once the step is in the log; raises what the append raises. One that was begun goes on when this is cancelled."""
        if self._next is None:
            self._next = _Batch()
            self._next.appended = self._last = asyncio.create_task(self._append_behind(self._last))
            self._last.add_done_callback(_look_at)
        batch = self._next
        batch.steps.append(step)
        if batch.appended is not None:
            await asyncio.shield(batch.appended)

    async def finish(self) -> None:
        """Waits until what has ended is appended, or has failed to be."""
        if self._last is not None:
            await asyncio.wait({self._last})

    async def _append_behind(self, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            await asyncio.wait({earlier})
        batch, self._next = self._next, None
        try:
            await self._append([] if batch is None else batch.steps)
        except MaxPayloadError as error:
            raise StepResultsTooLargeError("the steps are too large for a message") from error


def _look_at(task: asyncio.Task[None]) -> None:
    """Whoever waited for it may have been cancelled, and asyncio complains about errors that nobody has looked at."""
    if not task.cancelled():
        task.exception()
