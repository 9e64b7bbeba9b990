"""What a handler is told about the job that it runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..protocol.call import Call
from ..protocol.job import JobState
from .steps.sleep_call import sleep_call_of, sleep_until_call_of
from .steps.step_call import StepWork, step_call_of
from .steps.wait_call import wait_call_of

if TYPE_CHECKING:
    from .steps.attempt_steps import AttemptSteps

log = logging.getLogger("jobstream")

Report = Callable[[float | None, str | None], None]


@dataclass(frozen=True)
class JobContext:
    """The second argument of a handler."""

    id: str
    """The job's id. Send it as the idempotency key wherever another system takes one: a handler may run twice."""
    type: str
    attempt: int
    """1 for the first attempt. Numbers repeat after a release or a requeue; `run_id` never does."""
    max_attempts: int
    run_id: str
    """The id of this run, which is that of its JobStarted or, behind a sleep or a wait, of its JobResumed."""
    tags: tuple[str, ...]
    tenant: str | None
    traceparent: str | None
    """The W3C trace context, to pass on in requests."""
    log: logging.LoggerAdapter[logging.Logger]
    """The logger `jobstream`; its records have `job_id`, `job_type` and `attempt`, and lines begin with them."""
    _report: Report = field(repr=False)
    _steps: AttemptSteps = field(repr=False)

    def progress(self, percent: float | None = None, message: str | None = None) -> None:
        """Reports how far the work is: `percent` from 0 to 100, and a text of up to 1,024 characters.

        Returns at once and never fails: while one report is being appended, the last of those that follow wins. So it
        may be called in a loop.
        """
        self._report(percent, message)

    async def step(
        self,
        name: str,
        work: StepWork,
        *,
        key: str | int | None = None,
        max_attempts: int = 1,
        backoff: Mapping[str, Any] | None = None,
    ) -> Any:
        """Runs a piece of work once for the job: later attempts get the recorded result without running it again.

        - `name`, 1 to 128 characters: tells the steps of a job apart, and must not be used twice in an attempt.
        - `work`: a function, async or not, that takes a StepContext. It returns JSON of at most 256 KB or a pydantic model;
          the step returns what JSON makes of that.
        - `key`: tells the steps apart that a loop runs under one name.
        - `max_attempts`, `backoff`: how often the step is run within this attempt while it raises, from 1 to 100 times, and
          how long it waits in between, at most 30 s: `{"type": "fixed", "delayMs": 500}`. Default once; exponential from 1 s.

        What the work raises is recorded and raised, and the step runs again in the next attempt. Raises an UnrecoverableError
        with the code STEP_MISUSED for a name that was used before, and with STEP_RESULTS_TOO_LARGE, which fails the job even
        if the handler catches it, beyond 1,000 steps or 512 KB of results.
        """
        return await self._steps.run(step_call_of(name, work, key, max_attempts, backoff))

    async def sleep(self, name: str, duration: float | timedelta | str, *, key: str | int | None = None) -> None:
        """Waits for a while, without a slot and without a worker if it is long.

        - `name`, `key`: those of a step, whose result is the end of the sleep. So it is begun once for the job.
        - `duration`: seconds, a timedelta, or text such as `30s`, `90m`, `1h30m` or `3d`; at most 366 days.

        Where more is left than the `slot_wait` of the worker, it raises AttemptSuspended once no step runs, which handlers must
        let pass. When the sleep is over, the attempt goes on in another run, which runs the handler from its beginning and finds
        its steps. Waits do not count for the timeout. Raises an UnrecoverableError with the code STEP_MISUSED within the work of
        a step, and for a name that was used before.
        """
        await self._steps.sleep(sleep_call_of(name, duration, key))

    async def sleep_until(self, name: str, at: datetime | str, *, key: str | int | None = None) -> None:
        """As `sleep`, until an instant: a datetime with a time zone, or RFC 3339 text. It is over at once if that has passed."""
        await self._steps.sleep(sleep_until_call_of(name, at, key))

    async def wait_for(
        self, name: str, signal: str, *, timeout: float | timedelta | str | None = None, key: str | int | None = None
    ) -> Any:
        """Waits until the job is sent a signal, without a slot and without a worker, and returns its payload.

        - `name`, `key`: those of a step, whose result is the payload. So each signal is read once: the oldest that no step has read.
        - `signal`: the name of one of the `signals` of the handler. One that has come before is read at once.
        - `timeout`: how long it waits at most, as for `sleep`; then it returns None. Without one it waits for ever.

        Where the signal is not there, it raises AttemptSuspended once no step runs, as a long sleep does. Raises an UnrecoverableError with
        the code STEP_MISUSED where `sleep` does and for a signal that jobs of the type do not take, and with SIGNAL_INVALID for a
        payload that is not of its type.
        """
        return await self._steps.wait_for(wait_call_of(name, signal, timeout, key))


class _JobLogger(logging.LoggerAdapter[logging.Logger]):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        fields = dict(self.extra or {})
        kwargs["extra"] = {**fields, **(kwargs.get("extra") or {})}
        return f"{fields['job_type']} {fields['job_id']} #{fields['attempt']}: {msg}", kwargs


def context_of(job: JobState, call: Call, report: Report, steps: AttemptSteps) -> JobContext:
    """The context of the attempt that the job is in."""
    created, data = job.created, job.created["data"]
    fields = {"job_id": job.id, "job_type": created["jobType"], "attempt": job.attempt}
    return JobContext(
        id=job.id,
        type=created["jobType"],
        attempt=job.attempt,
        max_attempts=data["maxAttempts"],
        run_id=job.run["runId"],
        tags=tuple(data.get("tags", ())),
        tenant=created.get("tenant"),
        traceparent=call.trace.get("traceparent"),
        log=_JobLogger(log, fields),
        _report=report,
        _steps=steps,
    )
