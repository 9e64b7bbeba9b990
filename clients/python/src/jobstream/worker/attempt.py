"""An attempt: running the handler, and recording its outcome."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from ..protocol.appender import Appender, OvertakenError
from ..protocol.call import Call
from ..protocol.events import format_time
from ..protocol.job import JobState, Step
from .context import context_of
from .job_type import JobType, is_encrypted
from .live_processes import LiveProcesses
from .outcome import Outcome, completion, failure, retry_wait
from .progress import ProgressReporter
from .steps.attempt_steps import AttemptSteps

log = logging.getLogger("jobstream")

TIMEOUT, SHUTDOWN, MOVED_ON = "timeout", "the worker is shutting down", "the job has moved on"
ABANDON_AFTER = 0.5


@dataclass
class Attempt:
    """An attempt that runs here. `job` follows what it appends."""

    appender: Appender
    call: Call
    job: JobState
    handling: asyncio.Task[Any] | None = None
    aborted_for: str | None = None
    error: BaseException | None = None
    """What the handler raised."""
    steps: AttemptSteps | None = None
    appending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def number(self) -> int:
        return self.job.attempt

    async def append(self, name: str, data: dict[str, Any], at: datetime | None = None) -> None:
        async with self.appending:
            data = {"attempt": self.number, **data}
            self.job = await self.appender.append(self.call, self.job, name, data, at)

    def abort(self, reason: str) -> None:
        """Cancels the handler; the CancelledError has the reason. Does nothing to a handler that has ended."""
        if self.aborted_for is not None or (self.handling is not None and self.handling.done()):
            return
        self.aborted_for = reason
        if self.handling is not None:
            self.handling.cancel(reason)
        if self.steps is not None:
            self.steps.cancel()

    async def run(self, job_type: JobType, live: LiveProcesses, *, error_stacks: bool) -> None:
        """Runs the handler, records its outcome, and then settles the message.

        Raises OvertakenError when the job has moved on meanwhile: the message is not settled then.
        """
        began = monotonic()
        self.steps = AttemptSteps(self.job, self._record_steps, live.why_no_steps, error_stacks=error_stacks)
        name, data = await self._run_handler(job_type, self.steps)
        if not error_stacks and "error" in data:
            del data["error"]["stack"]
        at = self.appender.time_of(self.call)
        if name != "JobReleased":
            data["durationMs"] = round((monotonic() - began) * 1000)
        await self._record(name, data, at)
        log.info("job %s, attempt %d: %s", self.call.job_id, data.get("attempt", self.number), name)

    async def _record(self, name: str, data: dict[str, Any], at: datetime) -> None:
        retry_at = at + retry_wait(self.job, self.error) if name == "JobRetryScheduled" else None
        if retry_at is not None:
            data["retryAt"] = format_time(retry_at)
        await self.append(name, data, at)
        if name == "JobReleased":
            await self.appender.set_timer(self.call, self.job, at)  # the message that is handed back may be gone
        if retry_at is not None:
            await self.appender.set_timer(self.call, self.job, retry_at)
        await (self.call.msg.nak() if name == "JobReleased" else self.call.msg.ack())

    async def _run_handler(self, job_type: JobType, steps: AttemptSteps) -> Outcome:
        """Runs the handler and tells which event its outcome is; OvertakenError if the job has moved on meanwhile."""
        timeout = self.job.created["data"]["timeoutMs"] / 1000
        reporter = ProgressReporter(lambda data: self.append("JobProgressed", data), self._on_lost_report)
        self.handling = asyncio.create_task(self._handle(job_type, reporter, steps))
        if self.aborted_for is not None:  # before it began
            self.handling.cancel(self.aborted_for)
        await asyncio.wait({self.handling}, timeout=timeout)
        self.abort(TIMEOUT)
        await asyncio.wait({self.handling}, timeout=ABANDON_AFTER)
        await reporter.finish()
        await steps.finish()
        if self.aborted_for == MOVED_ON:
            raise OvertakenError
        return self._outcome(self.handling, timeout)

    async def _handle(self, job_type: JobType, reporter: ProgressReporter, steps: AttemptSteps) -> Any:
        stored = self.job.created["data"]["payload"]
        if is_encrypted(stored, self.job.id):
            raise RuntimeError("the payload is encrypted, which only workers with @jobstream/worker can read")
        payload = job_type.read_payload(stored)
        context = context_of(self.job, self.call, reporter.report, steps.run)
        try:
            return job_type.read_result(await job_type.handler(payload, context))
        finally:
            await steps.settled()
            if steps.fault is not None and self.aborted_for is None:
                raise steps.fault

    async def _record_steps(self, steps: list[Step]) -> None:
        try:
            async with self.appending:
                data = {"attempt": self.number, "from": self.job.steps_recorded, "steps": steps}
                self.job = await self.appender.append(self.call, self.job, "JobStepsRecorded", data)
        except OvertakenError:
            self.abort(MOVED_ON)
            raise

    def _outcome(self, handling: asyncio.Task[Any], timeout: float) -> Outcome:
        if not handling.done() or handling.cancelled():
            return self._aborted(timeout)
        self.error = handling.exception()
        try:
            return completion(handling.result()) if self.error is None else failure(self.error, self.job)
        except Exception as error:
            return failure(error, self.job)

    def _aborted(self, timeout: float) -> Outcome:
        if self.aborted_for == SHUTDOWN:
            return "JobReleased", {"reason": SHUTDOWN}
        if self.aborted_for == TIMEOUT:
            return failure(TimeoutError(f"the attempt took longer than {timeout * 1000:.0f} ms"), self.job)
        return failure(RuntimeError("the handler was cancelled by itself"), self.job)

    def _on_lost_report(self, error: Exception) -> None:
        if isinstance(error, OvertakenError):
            self.abort(MOVED_ON)
        else:
            log.warning("the progress of job %s is not reported: %r", self.call.job_id, error)
