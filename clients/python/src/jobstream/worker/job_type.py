"""A job type that a worker runs: its handler, and the models of payload and result."""

from __future__ import annotations

import base64
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import InvalidPayloadError, UnrecoverableError
from ..protocol.events import SIGNAL_NAME
from .context import JobContext

Handler = Callable[[Any, JobContext], Awaitable[Any]]

NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
MOST_ATTEMPTS = 1_000
LONGEST_TIMEOUT = 7 * 86_400
MOST_SIGNALS = 32


class Model(Protocol):
    """What is used of a pydantic TypeAdapter."""

    def validate_json(self, data: str) -> Any: ...
    def validate_python(self, value: Any) -> Any: ...
    def dump_python(self, value: Any, *, mode: str) -> Any: ...
    def json_schema(self, *, mode: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class JobType:
    """A job type and how it is run."""

    name: str
    handler: Handler
    payload: Model | None
    payload_schema: dict[str, Any] | None
    """JSON Schema 2020-12 of the payloads that may be sent; None: every payload."""
    result: Model | None
    concurrency: int
    defaults: dict[str, Any] | None = None
    """What jobs get whose creators leave it out, as it is announced; None: the type has no definition here."""
    signals: Mapping[str, Model | None] = field(default_factory=dict)
    """Those that its jobs take, by their names; None: any payload."""

    @property
    def signal_schemas(self) -> dict[str, dict[str, Any] | None]:
        return {name: None if model is None else model.json_schema(mode="validation") for name, model in self.signals.items()}

    @property
    def result_schema(self) -> dict[str, Any] | None:
        return None if self.result is None else self.result.json_schema(mode="serialization")

    def read_payload(self, payload: Any) -> Any:
        """The payload as the handler takes it. Raises InvalidPayloadError."""
        if self.payload is None:
            return payload
        try:
            return self.payload.validate_json(json.dumps(payload))
        except ValueError as error:
            raise InvalidPayloadError(*mistakes_in(error)) from error

    def read_result(self, result: Any) -> Any:
        """The result as JSON. Raises UnrecoverableError: the work is done, so another attempt would not help."""
        if self.result is None:
            return result.model_dump(mode="json") if hasattr(result, "model_dump") else result
        try:
            return self.result.dump_python(self.result.validate_python(result), mode="json")
        except ValueError as error:
            raise UnrecoverableError(f"the result is invalid: {'; '.join(mistakes_in(error))}") from error


def check_handler(name: str, handler: object) -> None:
    """Raises ValueError or TypeError when this cannot be the handler of a job type with this name."""
    if not NAME.fullmatch(name):
        expected = "1 to 63 lower-case letters, digits and dashes, starting with a letter"
        raise ValueError(f"expected a job type of {expected}, got: {name!r}")
    if not inspect.iscoroutinefunction(inspect.unwrap(handler) if callable(handler) else handler):
        raise TypeError(f"the handler of {name} must be an async function; await asyncio.to_thread(…) where it blocks")


def defaults_of(
    name: str, max_attempts: int | None, timeout: float | None, backoff: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """What is announced of a definition, None if it says nothing. Raises ValueError for what no job may have."""
    if max_attempts is not None and not 1 <= max_attempts <= MOST_ATTEMPTS:
        raise ValueError(f"expected max_attempts of {name} to be 1 to {MOST_ATTEMPTS}, got: {max_attempts}")
    if timeout is not None and not 0.001 <= timeout <= LONGEST_TIMEOUT:
        raise ValueError(f"expected timeout of {name} to be 0.001 to {LONGEST_TIMEOUT} seconds, got: {timeout}")
    if backoff is not None and backoff.get("type") not in ("fixed", "exponential"):
        raise ValueError(f'expected backoff of {name} to have the type "fixed" or "exponential", got: {dict(backoff)}')
    given = {
        "maxAttempts": max_attempts,
        "backoff": None if backoff is None else dict(backoff),
        "timeoutMs": None if timeout is None else round(timeout * 1000),
    }
    return {field: value for field, value in given.items() if value is not None} or None


def signals_of(job_type: str, given: Mapping[str, Any] | None) -> dict[str, Model | None]:
    """The models of signals. Raises ValueError for what no signal may be called, and TypeError as `model_of` does."""
    signals = given or {}
    if len(signals) > MOST_SIGNALS:
        raise ValueError(f"expected at most {MOST_SIGNALS} signals of {job_type}, got: {len(signals)}")
    for name in signals:
        if not SIGNAL_NAME.fullmatch(name):
            expected = "1 to 64 letters, digits, dashes and underscores, starting with a letter"
            raise ValueError(f"expected the name of a signal of {job_type} to be {expected}, got: {name!r}")
    return {name: model_of(type_) for name, type_ in signals.items()}


def model_of(type_: Any) -> Model | None:
    """The model of a type, which may be any that pydantic knows. Raises TypeError when pydantic is not installed."""
    if type_ is None:
        return None
    try:
        from pydantic import TypeAdapter
    except ImportError as error:
        raise TypeError("payload and result models need pydantic: pip install 'jobstream[pydantic]'") from error
    adapter: Any = TypeAdapter(type_)
    model: Model = adapter
    return model


def is_encrypted(payload: Any, job_id: str) -> bool:
    """Whether the service has encrypted the payload of this job: docs/privacy.md."""
    jwe = payload.get("$jwe") if isinstance(payload, dict) else None
    if not isinstance(jwe, str):
        return False
    header = jwe.partition(".")[0]
    try:
        fields = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except ValueError:
        return False
    return isinstance(fields, dict) and fields.get("kid") == job_id


def mistakes_in(error: ValueError) -> list[str]:
    """One line for each mistake, beginning with its path: `/to: Field required`."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return [str(error)]
    return [f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in errors(include_url=False)]
