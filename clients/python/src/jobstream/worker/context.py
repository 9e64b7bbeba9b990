"""What a handler is told about the job that it runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from ..protocol.call import Call
from ..protocol.job import JobState

log = logging.getLogger("jobstream")


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
    """The id of this run, which is that of its JobStarted."""
    tags: tuple[str, ...]
    tenant: str | None
    traceparent: str | None
    """The W3C trace context, to pass on in requests."""
    log: logging.LoggerAdapter[logging.Logger]
    """The logger `jobstream`; its records have `job_id`, `job_type` and `attempt`, and lines begin with them."""
    _report: Callable[[float | None, str | None], None] = field(repr=False)

    def progress(self, percent: float | None = None, message: str | None = None) -> None:
        """Reports how far the work is: `percent` from 0 to 100, and a text of up to 1,024 characters.

        Returns at once and never fails: while one report is being appended, the last of those that follow wins. So it
        may be called in a loop.
        """
        self._report(percent, message)


class _JobLogger(logging.LoggerAdapter[logging.Logger]):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        fields = dict(self.extra or {})
        kwargs["extra"] = {**fields, **(kwargs.get("extra") or {})}
        return f"{fields['job_type']} {fields['job_id']} #{fields['attempt']}: {msg}", kwargs


def context_of(job: JobState, call: Call, report: Callable[[float | None, str | None], None]) -> JobContext:
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
    )
