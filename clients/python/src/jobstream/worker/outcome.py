"""Which event the outcome of a handler is, and when a failed job is tried again."""

from __future__ import annotations

import random
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..errors import InvalidPayloadError, RetryAfterError, UnrecoverableError
from ..protocol.events import to_json
from ..protocol.job import JobState

LARGEST_RESULT = 256 * 1024
NAME_LIMIT, MESSAGE_LIMIT, STACK_LIMIT = 128, 2048, 4096
LONGEST_WAIT = timedelta(days=30)

Outcome = tuple[str, dict[str, Any]]
"""The name of an event, and its data."""


def completion(result: Any) -> Outcome:
    """Raises UnrecoverableError when the result cannot be stored: the work is done, so a retry would not help."""
    try:
        size = len(to_json(result))
    except (TypeError, ValueError) as error:
        raise UnrecoverableError(f"the result is not JSON: {error}") from error
    if size > LARGEST_RESULT:
        raise UnrecoverableError(f"the result has {size} bytes of JSON; at most {LARGEST_RESULT} are stored")
    return "JobCompleted", {} if result is None else {"result": result}


def failure(error: BaseException, job: JobState) -> Outcome:
    """What follows from an error: another attempt, unless no other can help or there is none left."""
    data: dict[str, Any] = {"error": error_data(error)}
    if isinstance(error, InvalidPayloadError):
        return "JobFailed", {**data, "reason": "invalid-payload"}
    if isinstance(error, UnrecoverableError):
        return "JobFailed", {**data, "reason": "unrecoverable"}
    if job.is_last_attempt:
        return "JobFailed", {**data, "reason": "attempts-exhausted"}
    return "JobRetryScheduled", data


def error_data(error: BaseException) -> dict[str, Any]:
    """The error as the log keeps it; long parts are cut."""
    stack = clean("".join(traceback.format_exception(error))[-STACK_LIMIT:], STACK_LIMIT)
    data = {"name": clean(type(error).__name__, NAME_LIMIT), "message": clean(str(error), MESSAGE_LIMIT), "stack": stack}
    code = getattr(error, "code", None)
    return {**data, "code": clean(str(code), NAME_LIMIT)} if isinstance(code, str | int) else data


def clean(text: str, limit: int) -> str:
    """Text that every reader of the log can store: databases refuse NUL and half a surrogate pair."""
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return cut.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def backoff_ms(rule: Mapping[str, Any], attempt: int) -> float:
    """How long it is waited after this attempt failed, in milliseconds."""
    delay = float(rule["delayMs"])
    if rule["type"] == "exponential":
        delay = min(delay * 2 ** min(attempt - 1, 64), rule["maxDelayMs"])
        delay *= 1 - rule["jitter"] * random.random()
    return delay


def retry_wait(job: JobState, error: BaseException | None) -> timedelta:
    """How long the job waits after its failed attempt: docs/job-lifecycle.md."""
    backoff = timedelta(milliseconds=round(backoff_ms(job.created["data"]["backoff"], job.attempt)))
    if not isinstance(error, RetryAfterError):
        return backoff
    return max(backoff, min(LONGEST_WAIT, timedelta(milliseconds=round(error.retry_after * 1000))))
