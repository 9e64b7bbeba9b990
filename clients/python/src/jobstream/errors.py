"""Errors: those of the client, one class for each reaction of a caller, and those that handlers raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client.job import Job

PROBLEM_PREFIX = "urn:jobstream:problem:"


class JobstreamError(Exception):
    """The base of all errors of the clients.

    `code` is that of the API's problem, such as `illegal-transition`; `status` the HTTP status, if there was a response;
    `problem` the whole problem (RFC 9457).
    """

    default_code = "error"

    def __init__(self, message: str, *, status: int | None = None, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem
        self.code = self.default_code if problem is None else str(problem["type"]).removeprefix(PROBLEM_PREFIX)


class UnavailableError(JobstreamError):
    """The API could not be reached, or was busy, for longer than `retry_for`. Try again later.

    `retry_after` is the advice of the API in seconds, `outcome_unknown` whether the request may have taken effect.
    """

    default_code = "unavailable"
    retry_after: float | None = None
    outcome_unknown: bool = True


class InvalidRequestError(JobstreamError):
    """The request is invalid; repeating it cannot succeed. `problem["errors"]` names each mistake."""

    default_code = "invalid-request"


class AccessDeniedError(JobstreamError):
    """The credentials are missing or invalid, or do not allow the operation."""

    default_code = "access-denied"


class NotFoundError(JobstreamError):
    """The job does not exist."""

    default_code = "not-found"


class ConflictError(JobstreamError):
    """The current state does not allow the operation: read it and decide again."""

    default_code = "conflict"


class UnexpectedAnswerError(JobstreamError):
    """The response is a server error, or not one of this API: tell its operator."""

    default_code = "unexpected-answer"


class JobFailedError(JobstreamError):
    """The job whose result was awaited failed for good; `job.error` says why."""

    default_code = "job-failed"

    def __init__(self, job: Job) -> None:
        error = job.error or {}
        reason = f"{error.get('name', 'Error')}: {error.get('message', 'unknown')}"
        super().__init__(f"job {job.id} of type {job.type} failed: {reason}")
        self.job = job


class JobCancelledError(JobstreamError):
    """The job whose result was awaited was cancelled."""

    default_code = "job-cancelled"

    def __init__(self, job: Job) -> None:
        super().__init__(f"job {job.id} of type {job.type} was cancelled")
        self.job = job


class HandlerError(Exception):
    """The base of the errors that handlers raise to say what is to become of the job."""

    code = "HANDLER_ERROR"


class UnrecoverableError(HandlerError):
    """Raised by a handler when no other attempt can succeed: the job fails at once."""

    code = "UNRECOVERABLE"


class RetryAfterError(HandlerError):
    """Raised by a handler that knows when to come back.

    The next attempt waits for the backoff or for `retry_after` seconds, whichever is longer, at most 30 days.
    """

    code = "RETRY_AFTER"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InvalidPayloadError(HandlerError):
    """The payload is not what the handler takes: the job fails at once. Raised by a handler, or for its `payload` model."""

    code = "INVALID_PAYLOAD"

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems: Sequence[str] = problems
