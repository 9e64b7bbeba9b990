"""An attempt: running the handler, and recording its outcome."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from ..protocol.appender import Appender, OvertakenError
from ..protocol.call import Call
from ..protocol.events import format_time, parse_time
from ..protocol.job import JobState, Step
from .context import context_of
from .job_type import JobType, is_encrypted
from .live_processes import LiveProcesses
from .outcome import Outcome, completion, failure, retry_wait
from .progress import ProgressReporter
from .settings import Settings
from .steps.attempt_steps import AttemptSteps, StepsConfig
from .steps.sleep_call import AttemptSuspended

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

    async def run(self, job_type: JobType, live: LiveProcesses, settings: Settings) -> None:
        """Runs the handler, records its outcome, and then settles the message.

        Raises OvertakenError when the job has moved on meanwhile: the message is not settled then.
        """
        began = monotonic()
        self.steps = AttemptSteps(self.job, self._config_of_steps(job_type, live, settings))
        name, data = await self._run_handler(job_type, self.steps)
        if not settings.error_stacks and "error" in data:
            del data["error"]["stack"]
        at = self.appender.time_of(self.call)
        if name != "JobReleased":
            ran = round(self.job.ran_ms + (monotonic() - began) * 1000)  # in all runs, without the waits
            data["ranMs" if name == "JobSuspended" else "durationMs"] = ran
        await self._record(name, data, at)
        log.info("job %s, attempt %d: %s", self.call.job_id, data.get("attempt", self.number), name)

    def _config_of_steps(self, job_type: JobType, live: LiveProcesses, settings: Settings) -> StepsConfig:
        return StepsConfig(
            append=self._record_steps,
            why_not=live.why_not,
            now=lambda: self.appender.time_of(self.call),
            slot_wait=timedelta(seconds=settings.slot_wait),
            time_left=lambda: self.job.times_out_at - self.appender.time_of(self.call),
            error_stacks=settings.error_stacks,
            unread=lambda: self.job.signals,
            refresh=self._refresh,
            signals=job_type.signals,
        )

    async def _record(self, name: str, data: dict[str, Any], at: datetime) -> None:
        if name == "JobSuspended":
            await self._suspend(data, at)
            return
        retry_at = at + retry_wait(self.job, self.error) if name == "JobRetryScheduled" else None
        if retry_at is not None:
            data["retryAt"] = format_time(retry_at)
        await self.append(name, data, at)
        if name == "JobReleased":
            await self.appender.set_timer(self.call, self.job, at)  # the message that is handed back may be gone
        if retry_at is not None:
            await self.appender.set_timer(self.call, self.job, retry_at)
        await (self.call.msg.nak() if name == "JobReleased" else self.call.msg.ack())

    async def _suspend(self, data: dict[str, Any], at: datetime) -> None:
        """Sets the timer first, without which nobody would go on if this worker died.

        Another may have replaced it meanwhile, and a signal that has come before JobSuspended makes the job due at once. One
        that has come since may have let the attempt go on, and wait again.
        """
        call_at = replace(self.job, status="waiting", run_at=parse_time(data["until"])).called_at(at)
        await self.appender.set_timer(self.call, self.job, call_at)
        await self.append("JobSuspended", data, at)
        await self.appender.set_own_timer(self.call, self.job)
        await self.call.msg.ack()

    async def _run_handler(self, job_type: JobType, steps: AttemptSteps) -> Outcome:
        """Runs the handler and tells which event its outcome is; OvertakenError if the job has moved on meanwhile."""
        timeout = self.job.time_left / timedelta(seconds=1)
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
        return self._outcome(self.handling, steps)

    async def _handle(self, job_type: JobType, reporter: ProgressReporter, steps: AttemptSteps) -> Any:
        stored = self.job.created["data"]["payload"]
        if is_encrypted(stored, self.job.id):
            raise RuntimeError("the payload is encrypted, which only workers with @jobstream/worker can read")
        payload = job_type.read_payload(stored)
        context = context_of(self.job, self.call, reporter.report, steps)
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

    async def _refresh(self) -> None:
        async with self.appending:
            self.job = await self.appender.refreshed(self.job)

    def _outcome(self, handling: asyncio.Task[Any], steps: AttemptSteps) -> Outcome:
        if not handling.done() or handling.cancelled():
            return self._aborted()
        self.error = handling.exception()
        suspension = steps.suspension
        if suspension is not None and steps.fault is None:
            if not is_suspension(self.error):
                log.error("job %s waits all the same: its handler has not let AttemptSuspended pass", self.call.job_id)
            named = {"signals": list(suspension.signals)} if suspension.signals else {}
            return "JobSuspended", {"until": format_time(suspension.until), **named}
        try:
            return completion(handling.result()) if self.error is None else failure(self.error, self.job)
        except Exception as error:
            return failure(error, self.job)

    def _aborted(self) -> Outcome:
        if self.aborted_for == SHUTDOWN:
            return "JobReleased", {"reason": SHUTDOWN}
        if self.aborted_for == TIMEOUT:
            timeout = self.job.created["data"]["timeoutMs"]
            return failure(TimeoutError(f"the attempt took longer than {timeout:.0f} ms"), self.job)
        return failure(RuntimeError("the handler was cancelled by itself"), self.job)

    def _on_lost_report(self, error: Exception) -> None:
        if isinstance(error, OvertakenError):
            self.abort(MOVED_ON)
        else:
            log.warning("the progress of job %s is not reported: %r", self.call.job_id, error)


def is_suspension(error: BaseException | None) -> bool:
    """Whether the handler has let the interruption pass, also out of a TaskGroup."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(AttemptSuspended) is not None
    return isinstance(error, AttemptSuspended)
