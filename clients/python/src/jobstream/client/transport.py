"""Sending requests to the API with the standard library: see docs/decisions/0037-packages-for-python-and-go.md."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from time import monotonic, time
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from ..errors import (
    PROBLEM_PREFIX,
    AccessDeniedError,
    ConflictError,
    InvalidRequestError,
    JobstreamError,
    NotFoundError,
    UnavailableError,
    UnexpectedAnswerError,
)
from ..unreachable import why_unreachable
from .requests import ApiRequest

log = logging.getLogger("jobstream")

TEMPORARY = {408, 429, 502, 503, 504}
WITHOUT_EFFECT = {
    "credentials-unverifiable",
    "log-overloaded",
    "request-timeout",
    "stopping",
    "table-unavailable",
    "too-many-feeds",
}
"""Problems after which the request certainly had no effect."""
ERRORS: Mapping[int, type[JobstreamError]] = {
    401: AccessDeniedError,
    403: AccessDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
}
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
MOST_TOLD = 100
WARN_AFTER = 2.0
"""A program that waits for an API that is not there looks as if it hung."""

Credentials = str | Callable[[], str] | None


@dataclass(frozen=True)
class Transport:
    """Repeats what is safe to repeat while the API is unavailable, and turns refusals into errors."""

    url: str
    credentials: Credentials
    retry_for: float
    retry_warning: bool = True
    job_warnings: bool = True
    _warned: threading.Event = field(default_factory=threading.Event)
    """Set from a warning until something is answered."""

    _told: set[str] = field(default_factory=set)
    """What was said of jobs, so that a loop that creates them is told once."""

    def __post_init__(self) -> None:
        if not isinstance(self.url, str) or not self.url.startswith(("http://", "https://")):
            got = "nothing: it is not set" if self.url is None else f"{self.url!r}"
            raise ValueError(f"expected the url of the API, such as http://127.0.0.1:3000, got {got}")

    def ask(self, request: ApiRequest, abandoned: threading.Event) -> Any:
        """The parsed body of the answer. Blocks; `abandoned` ends it between two tries.

        Raises the errors of this package.
        """
        began = monotonic()
        tries = 0
        while True:
            try:
                answer = self._exchange(request)
                self._warned.clear()
                self._tell_warnings(request, answer)
                return answer
            except UnavailableError as error:
                tries += 1
                pause = retry_pause(tries, error.retry_after)
                lost = error.outcome_unknown and not request.repeatable
                if lost or monotonic() + pause > began + self.retry_for:
                    raise
                if self._pause(pause, began + WARN_AFTER, error, abandoned):
                    raise

    def _tell_warnings(self, request: ApiRequest, answer: Any) -> None:
        """Logs what the API says beside a job that it has accepted, such as that no worker knows its type."""
        warnings = answer.get("warnings", ()) if self.job_warnings and isinstance(answer, dict) else ()
        for detail in (warning["detail"] for warning in warnings):
            if detail not in self._told and len(self._told) < MOST_TOLD:
                self._told.add(detail)
                log.warning("%s: %s", request, detail)

    def _pause(self, pause: float, warn_at: float, error: UnavailableError, abandoned: threading.Event) -> bool:
        """Waits, and warns when it is time for that; returns whether the request was abandoned."""
        before = warn_at - monotonic()
        wanted = self.retry_warning and self.retry_for > WARN_AFTER and not self._warned.is_set()
        if not wanted or before > pause:
            return abandoned.wait(pause)
        if before > 0 and abandoned.wait(before):
            return True
        if not self._warned.is_set():
            self._warned.set()
            log.warning("%s Trying again for %d s.", str(error).rstrip(".") + ".", round(self.retry_for))
        return abandoned.wait(max(0.0, pause - max(0.0, before)))

    def _exchange(self, request: ApiRequest) -> Any:
        headers = {**request.headers}
        if request.body is not None:
            headers["content-type"] = "application/json"
        if self.credentials is not None:
            secret = self.credentials if isinstance(self.credentials, str) else self.credentials()
            headers["authorization"] = f"Bearer {secret}"
        url = self.url.rstrip("/") + request.path
        sent = Request(url, data=request.body, headers=headers, method=request.method)
        try:
            with urlopen(sent, timeout=request.patience) as answer:
                return _parsed(answer.read(), request)
        except HTTPError as error:
            with error:
                raise refusal(str(request), error.code, dict(error.headers.items()), error.read()) from None
        except (URLError, OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            why = why_unreachable(reason)
            if why is None:
                raise UnavailableError(f"{request}: no answer from {self.url} ({reason})") from error
            sentence = f"the API at {self.url} cannot be reached: {why}. Start it, or correct the address."
            raise UnavailableError(f"{request}: {sentence}") from error


def retry_pause(tries: int, retry_after: float | None = None) -> float:
    """The pause before the next try in seconds: doubled each time, and shortened at random."""
    if retry_after is not None:
        return retry_after
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 16)) * (0.5 + random.random() / 2))


def refusal(asked: str, status: int, headers: Mapping[str, str], body: bytes) -> JobstreamError:
    """The error for an answer other than success."""
    problem = _problem(body)
    message = f"{asked}: {status} {_reason(problem)}"
    if status in TEMPORARY:
        error = UnavailableError(message, status=status, problem=problem)
        error.outcome_unknown = status != 429 and error.code not in WITHOUT_EFFECT
        lower = {name.lower(): value for name, value in headers.items()}
        error.retry_after = _retry_after(lower.get("retry-after"))
        return error
    other = InvalidRequestError if 400 <= status < 500 else UnexpectedAnswerError
    return ERRORS.get(status, other)(message, status=status, problem=problem)


def _problem(body: bytes) -> Mapping[str, Any] | None:
    """None for what is no answer of the API, such as a proxy's page."""
    try:
        problem = json.loads(body)
    except ValueError:
        return None
    ours = isinstance(problem, dict) and str(problem.get("type")).startswith(PROBLEM_PREFIX)
    return problem if ours else None


def _reason(problem: Mapping[str, Any] | None) -> str:
    if problem is None:
        return "without a reason"
    mistakes = [f"{_place(item)} {item['detail']}".strip() for item in problem.get("errors", [])]
    reason = "; ".join(mistakes) or problem.get("detail")
    return f"{problem.get('title')}: {reason}" if reason else str(problem.get("title"))


def _place(mistake: Mapping[str, str]) -> str:
    """The name of a header is no subject of what follows: the detail is a sentence about its value."""
    if "header" in mistake:
        return f"{mistake['header']}:"
    return mistake.get("pointer", mistake.get("parameter", ""))


def _retry_after(value: str | None) -> float | None:
    """`Retry-After`, in seconds or a date, as seconds from now."""
    if value is None:
        return None
    try:
        seconds = float(value) if value.isdecimal() else parsedate_to_datetime(value).timestamp() - time()
    except ValueError:
        return None
    return max(0.0, seconds)


def _parsed(body: bytes, request: ApiRequest) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError as error:
        raise UnexpectedAnswerError(f"{request}: the answer is not JSON") from error
