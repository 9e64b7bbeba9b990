"""The requests of the clients, and their options."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypedDict
from urllib.parse import quote

UNCHANGED: Any = object()
"""The job keeps its payload. None would be a payload."""

Priority = Literal["high", "normal", "low"]
"""Which jobs of a type start first where more wait than can run: 16, 4 and 1 of 21 starts while jobs of each wait."""

LONGEST_WAIT = 25.0
"""How long the API is asked to wait for the end of a job, in seconds."""


class EnqueueOptions(TypedDict, total=False):
    """How a job is to be run; times in seconds. What is left out has the defaults of the API."""

    idempotency_key: str
    """The same key gives the same job, however often the call is repeated; default a random key."""
    run_at: datetime
    """When the job is due; with a time zone. Not together with `delay`."""
    delay: float
    max_attempts: int
    timeout: float
    """How long one attempt may take."""
    backoff: Mapping[str, Any]
    """As in the API: `{"type": "exponential", "delayMs": 1000}`."""
    tags: Sequence[str]
    priority: Priority
    """Default `normal`."""
    unique: Mapping[str, Any]
    """As in the API: `{"by": ["payload.userId"], "while": "waiting"}`. If there is such a job, it is returned, with `existing`;
    `"onConflict": "replace"` or `"debounce"` changes it until it starts."""


@dataclass(frozen=True)
class ApiRequest:
    """One request to the API, which may be repeated."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    patience: float = 10.0
    """How long one try may take, in seconds."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def create_request(job_type: str, payload: Any, options: EnqueueOptions) -> ApiRequest:
    """Raises ValueError for a `run_at` without a time zone, and TypeError for a payload that is not JSON."""
    job: dict[str, Any] = {"type": job_type, "payload": json_of(payload)}
    run_at = options.get("run_at")
    if run_at is not None:
        if run_at.tzinfo is None:
            raise ValueError(f"expected run_at to have a time zone, got: {run_at.isoformat()}")
        job["runAt"] = run_at.isoformat()
    for name, field_name in (("delay", "delayMs"), ("timeout", "timeoutMs")):
        if name in options:
            job[field_name] = round(options[name] * 1000)  # type: ignore[literal-required]
    for name, field_name in (("max_attempts", "maxAttempts"), ("backoff", "backoff")):
        if name in options:
            job[field_name] = options[name]  # type: ignore[literal-required]
    for name in ("unique", "priority"):
        if name in options:
            job[name] = options[name]  # type: ignore[literal-required]
    if "tags" in options:
        job["tags"] = list(options["tags"])
    key = options.get("idempotency_key") or str(uuid.uuid4())
    return ApiRequest("POST", "/api/jobs", _body(job), {"idempotency-key": key})


def get_request(job_id: str) -> ApiRequest:
    return ApiRequest("GET", f"/api/jobs/{quote(job_id, safe='')}")


def wait_request(job_id: str, wait: float) -> ApiRequest:
    """Answered when the job has ended, or after `wait` seconds."""
    path = f"/api/jobs/{quote(job_id, safe='')}?wait={round(wait * 1000)}ms"
    return ApiRequest("GET", path, patience=wait + 10)


def cancel_request(job_id: str, reason: str | None) -> ApiRequest:
    body = {} if reason is None else {"reason": reason}
    return ApiRequest("POST", f"/api/jobs/{quote(job_id, safe='')}/cancel", _body(body))


def retry_request(job_id: str, reason: str | None, payload: Any) -> ApiRequest:
    body = _changes(reason, payload)
    return ApiRequest("POST", f"/api/jobs/{quote(job_id, safe='')}/retry", _body(body), repeatable=False)


def signal_request(job_id: str, name: str, payload: Any, idempotency_key: str | None) -> ApiRequest:
    headers = {"idempotency-key": idempotency_key or str(uuid.uuid4())}
    path = f"/api/jobs/{quote(job_id, safe='')}/signals/{quote(name, safe='')}"
    return ApiRequest("POST", path, _body({"payload": json_of(payload)}), headers)


def run_now_request(job_id: str, reason: str | None) -> ApiRequest:
    return ApiRequest("POST", f"/api/jobs/{quote(job_id, safe='')}/run-now", _body(_changes(reason)))


def priority_request(job_id: str, priority: Priority, reason: str | None) -> ApiRequest:
    body = {"priority": priority, **_changes(reason)}
    return ApiRequest("POST", f"/api/jobs/{quote(job_id, safe='')}/priority", _body(body))


def rerun_request(job_id: str, reason: str | None, payload: Any, idempotency_key: str | None) -> ApiRequest:
    headers = {"idempotency-key": idempotency_key or str(uuid.uuid4())}
    body = _changes(reason, payload)
    return ApiRequest("POST", f"/api/jobs/{quote(job_id, safe='')}/rerun", _body(body), headers)


def _changes(reason: str | None, payload: Any = UNCHANGED) -> dict[str, Any]:
    changes: dict[str, Any] = {} if reason is None else {"reason": reason}
    return changes if payload is UNCHANGED else {**changes, "payload": json_of(payload)}


def json_of(payload: Any) -> Any:
    """A pydantic model as JSON; anything else as it is."""
    return payload.model_dump(mode="json") if hasattr(payload, "model_dump") else payload


def _body(value: object) -> bytes:
    return json.dumps(value, allow_nan=False).encode()
