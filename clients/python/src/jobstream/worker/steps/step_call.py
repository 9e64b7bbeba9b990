"""What a handler asks for when it runs a step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...protocol.job import JobState
from .named_call import NamedCall, check_name, key_of
from .step_errors import StepMisusedError

LONGEST_WAIT_MS = 30_000
"""The longest wait between two runs of a step in one attempt."""
MOST_ATTEMPTS = 100
DEFAULT_BACKOFF = {"type": "exponential", "delayMs": 1_000, "maxDelayMs": LONGEST_WAIT_MS, "jitter": 0.2}


@dataclass(frozen=True)
class StepContext:
    """What the function of a step is told about its run."""

    name: str
    key: str | None
    attempt: int
    """1 for the first run of the step in this attempt of its job."""
    idempotency_key: str
    """A UUID that is the same in every run of this step of this job, and another one for each other step, job, and payload
    that the job is given. Send it to systems that recognise repeated requests by such a key."""


StepWork = Callable[[StepContext], Any]


@dataclass(frozen=True)
class StepCall(NamedCall):
    """A step, with what runs."""

    kind = "step"

    max_attempts: int
    backoff: Mapping[str, Any]
    work: StepWork


def step_call_of(
    name: str, work: StepWork, key: str | int | None, max_attempts: int, backoff: Mapping[str, Any] | None
) -> StepCall:
    """Raises StepMisusedError for what makes no sense."""
    check_name(name, "the name of a step")
    if not callable(work):
        raise StepMisusedError(f"the step '{name}' was given no function to run")
    if not isinstance(max_attempts, int) or not 1 <= max_attempts <= MOST_ATTEMPTS:
        raise StepMisusedError(f"max_attempts of the step '{name}' must be a whole number from 1 to {MOST_ATTEMPTS}")
    return StepCall(name, key_of(key, f"the key of the step '{name}'"), max_attempts, _backoff_of(name, backoff), work)


def idempotency_key_of(job: JobState, call: StepCall) -> str:
    """The same in every attempt, and another for each other step and generation of the job: a UUID of version 8."""
    text = "\n".join((job.id, str(job.generation), call.name, call.key or ""))
    digest = hashlib.sha256(text.encode()).hexdigest()
    variant = f"{int(digest[16], 16) & 0x3 | 0x8:x}"
    digits = f"{digest[:12]}8{digest[13:16]}{variant}{digest[17:32]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _backoff_of(name: str, asked: Mapping[str, Any] | None) -> Mapping[str, Any]:
    backoff = {**DEFAULT_BACKOFF, **(asked or {})}
    delay, known = backoff["delayMs"], backoff["type"] in ("fixed", "exponential")
    if not known or not isinstance(delay, int | float) or not 0 <= delay <= LONGEST_WAIT_MS:
        wait = f"from 0 to {LONGEST_WAIT_MS} ms"
        raise StepMisusedError(f"the backoff of the step '{name}' must be fixed or exponential, and delayMs {wait}")
    return backoff
