"""Sending requests to the API with the standard library: see docs/decisions/0037-packages-for-python-and-go.md."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from .requests import ApiRequest

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

Credentials = str | Callable[[], str] | None


@dataclass(frozen=True)
class Transport:
    """Repeats what is safe to repeat while the API is unavailable, and turns refusals into errors."""

    url: str
    credentials: Credentials
    retry_for: float

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"expected the url of the API to begin with http:// or https://, got: {self.url}")

    def ask(self, request: ApiRequest, abandoned: threading.Event) -> Any:
        """The parsed body of the answer. Blocks; `abandoned` ends it between two tries.

        Raises the errors of this package.
        """
        deadline = monotonic() + self.retry_for
        tries = 0
        while True:
            try:
                return self._exchange(request)
            except UnavailableError as error:
                tries += 1
                pause = retry_pause(tries, error.retry_after)
                lost = error.outcome_unknown and not request.repeatable
                if lost or monotonic() + pause > deadline or abandoned.wait(pause):
                    raise

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
            raise UnavailableError(f"{request}: no answer ({reason})") from error


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
    places = ("pointer", "parameter", "header")
    mistakes = [
        f"{next((item[place] for place in places if place in item), '')} {item['detail']}".strip()
        for item in problem.get("errors", [])
    ]
    reason = "; ".join(mistakes) or problem.get("detail")
    return f"{problem.get('title')}: {reason}" if reason else str(problem.get("title"))


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
