"""A job as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..errors import JobCancelledError, JobFailedError

ENDED = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Job:
    """A job as the API shows it. What `enqueue` returns has no payload, attempt, result and error yet."""

    id: str
    type: str
    status: str
    """`scheduled`, `pending`, `processing`, `waiting`, `retrying`, `completed`, `failed` or `cancelled`."""
    version: int
    created_at: datetime
    updated_at: datetime
    payload: Any = None
    attempt: int = 0
    """Of the running or last attempt; 0 before the first."""
    result: Any = None
    error: Mapping[str, str] | None = None
    """`name`, `message` and `code` of the last failure; `stack` for callers with the scope `jobs:debug`."""
    progress: Mapping[str, Any] | None = None
    waiting_for: Mapping[str, Any] | None = None
    """Why it does not run, until it has ended: `reason`, such as `paused`, and what belongs to it."""
    rerun_of: str | None = None
    """The job that it repeats."""
    tags: tuple[str, ...] = ()
    priority: str = "normal"
    """`high`, `normal` or `low`."""
    by_definition: Mapping[str, Any] | None = None
    """Which settings its creator left out and the definition of its type gave: `settings`, and the `worker` that has announced it."""
    unique: Mapping[str, Any] | None = None
    """Which other jobs are not created because of this one: `by`, and `while` or `forMs`."""
    existing: bool = False
    """No job was created: this one holds the unique key."""
    revised: bool = False
    """It was given what the request asks for, by `onConflict`."""
    warnings: tuple[Mapping[str, Any], ...] = ()
    """What the API says beside a job that it has accepted: `code`, such as `unknown-type`, and `detail`."""
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All fields as the API gives them."""

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Job:
        return Job(
            id=fields["id"],
            type=fields["type"],
            status=fields["status"],
            version=fields["version"],
            created_at=datetime.fromisoformat(fields["createdAt"]),
            updated_at=datetime.fromisoformat(fields["updatedAt"]),
            payload=fields.get("payload"),
            attempt=fields.get("attempt", 0),
            result=fields.get("result"),
            error=fields.get("error"),
            progress=fields.get("progress"),
            waiting_for=fields.get("waitingFor"),
            rerun_of=fields.get("rerunOf"),
            tags=tuple(fields.get("tags", ())),
            priority=fields.get("priority", "normal"),
            by_definition=fields.get("byDefinition"),
            unique=fields.get("unique"),
            existing=fields.get("existing", False),
            revised=fields.get("revised", False),
            warnings=tuple(fields.get("warnings", ())),
            fields=fields,
        )


def id_of(job: Job | str) -> str:
    return job if isinstance(job, str) else job.id


def result_of(job: Job) -> Any:
    """The result of a job that has ended. Raises JobFailedError or JobCancelledError."""
    if job.status == "failed":
        raise JobFailedError(job)
    if job.status == "cancelled":
        raise JobCancelledError(job)
    return job.result
