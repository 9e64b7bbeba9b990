"""What a handler asks for when it sleeps."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...protocol.job import Step
from .named_call import NamedCall, check_name, key_of
from .step_errors import StepMisusedError

PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
LONGEST = timedelta(days=366)
EXPECTED = "seconds, a timedelta, or text such as '30s', '90m', '1h30m' or '3d'"

within_step: ContextVar[str | None] = ContextVar("within_step", default=None)
"""The name of the step whose work this is."""


class AttemptSuspended(BaseException):
    """Ends the run of a handler that sleeps for long or waits for a signal; the worker goes on with the attempt when that is over.

    Do not catch it, or raise it again. It is no Exception, so that `except Exception` lets it pass.
    """


@dataclass(frozen=True)
class SleepCall(NamedCall):
    """A sleep, for a while or until an instant."""

    kind = "sleep"

    length: timedelta | datetime
    """How long it is, or until when it lasts."""

    def end_from(self, now: datetime) -> datetime:
        """When it is over if it begins now. Raises StepMisusedError for a time that is too far ahead."""
        left = self.length if isinstance(self.length, timedelta) else self.length - now
        if left > LONGEST:
            raise StepMisusedError(f"{self.title} would last longer than {LONGEST.days} days")
        return now + left if isinstance(self.length, timedelta) else self.length

    def recorded_end(self, recorded: Step) -> datetime:
        """When the sleep is over that was recorded. Raises StepMisusedError for what is the record of a step."""
        try:
            end = datetime.fromisoformat(recorded["result"])
        except (LookupError, TypeError, ValueError):
            end = None
        if end is None or end.tzinfo is None:
            raise StepMisusedError(f"{self.title} has the name of a step of the job that is no sleep")
        return end


def sleep_call_of(name: str, duration: float | timedelta | str, key: str | int | None) -> SleepCall:
    """A sleep for a while. Raises StepMisusedError for what makes no sense."""
    check_name(name, "the name of a sleep")
    return SleepCall(name, key_of(key, f"the key of the sleep '{name}'"), span_of(f"the sleep '{name}'", duration))


def sleep_until_call_of(name: str, at: datetime | str, key: str | int | None) -> SleepCall:
    """A sleep until an instant. Raises StepMisusedError for what makes no sense."""
    check_name(name, "the name of a sleep")
    try:
        end = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        end = None
    if not isinstance(end, datetime) or end.tzinfo is None:
        raise StepMisusedError(f"the sleep '{name}' ends at a datetime with a time zone, or RFC 3339 text, not {at!r}")
    return SleepCall(name, key_of(key, f"the key of the sleep '{name}'"), end.astimezone(UTC))


def span_of(what: str, duration: float | timedelta | str) -> timedelta:
    """Raises StepMisusedError for what is no length of time."""
    span = _read(duration)
    if span is None or span < timedelta(0):
        raise StepMisusedError(f"{what} takes {EXPECTED}, not {duration!r}")
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
