"""What a handler asks for when it sleeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...protocol.job import Step
from .step_call import check_name
from .step_errors import StepMisusedError

PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
LAST_INSTANT = datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)
EXPECTED = "seconds, a timedelta, or text such as '30s', '90m', '1h30m' or '3d'"

within_step: ContextVar[bool] = ContextVar("within_step", default=False)
"""Whether this is the work of a step."""


class AttemptSuspended(BaseException):
    """Ends the run of a handler that sleeps for long; the worker goes on with the attempt when the sleep is over.

    Do not catch it, or raise it again. It is no Exception, so that `except Exception` lets it pass.
    """


@dataclass(frozen=True)
class SleepCall:
    """What the handler has asked for, checked."""

    name: str
    end_from: Callable[[datetime], datetime]
    """When the sleep is over that begins at this instant."""

    @property
    def id(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """How it is called in messages."""
        return f"the sleep '{self.name}'"

    def recorded_end(self, recorded: Step) -> datetime:
        """When the sleep is over that was recorded. Raises StepMisusedError for what is the record of a step."""
        try:
            end = datetime.fromisoformat(recorded["result"])
        except (LookupError, TypeError, ValueError):
            end = None
        if end is None or end.tzinfo is None:
            raise StepMisusedError(f"{self.title} has the name of a step")
        return end


def sleep_call_of(name: str, duration: float | timedelta | str) -> SleepCall:
    """A sleep for a while. Raises StepMisusedError for what makes no sense."""
    check_name(name, "the name of a sleep")
    span = _span_of(name, duration)
    return SleepCall(name, lambda now: now + min(span, LAST_INSTANT - now))


def sleep_until_call_of(name: str, at: datetime | str) -> SleepCall:
    """A sleep until an instant. Raises StepMisusedError for what makes no sense."""
    check_name(name, "the name of a sleep")
    try:
        end = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        end = None
    if not isinstance(end, datetime) or end.tzinfo is None:
        raise StepMisusedError(f"the sleep '{name}' ends at a datetime with a time zone, or RFC 3339 text, not {at!r}")
    return SleepCall(name, lambda _now: min(end.astimezone(UTC), LAST_INSTANT))


def _span_of(name: str, duration: float | timedelta | str) -> timedelta:
    span = _read(duration)
    if span is None or span < timedelta(0):
        raise StepMisusedError(f"the sleep '{name}' takes {EXPECTED}, not {duration!r}")
    return span


def _read(duration: object) -> timedelta | None:
    if isinstance(duration, timedelta):
        return duration
    try:
        if isinstance(duration, str):
            parts = PART.findall(duration)
            known = parts and "".join(count + unit for count, unit in parts) == duration
            return timedelta(seconds=sum(float(count) * UNITS[unit] for count, unit in parts)) if known else None
        return timedelta(seconds=duration) if isinstance(duration, int | float) else None
    except (OverflowError, ValueError):  # such as infinity
        return None
