"""What a handler asks for when it waits for a signal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ...protocol.events import format_time
from ...protocol.job import Step
from ...protocol.signals import Signal
from .named_call import NamedCall, check_name, key_of
from .sleep_call import LONGEST, span_of
from .step_errors import StepMisusedError


@dataclass(frozen=True)
class WaitCall(NamedCall):
    """A wait for a signal."""

    kind = "wait"

    signal: str
    """The name of the signal."""
    limit: timedelta | None

    def read(self, signal: Signal) -> Step:
        """The record of the wait that this signal ends."""
        read = {"id": signal["id"], "name": signal["name"]}
        return {**self.named, "signal": read, "result": signal["payload"], "durationMs": 0}

    def begun(self, now: datetime) -> Step:
        """The record of a wait with a time limit that begins now."""
        return {**self.named, "waitsUntil": format_time(now + (LONGEST if self.limit is None else self.limit)), "durationMs": 0}

    @property
    def expired(self) -> Step:
        """The record of a wait whose time limit is over."""
        return {**self.named, "durationMs": 0}

    def has_ended(self, recorded: Step | None) -> bool:
        """Raises StepMisusedError for what is the record of a step, a sleep, or a wait for another signal."""
        if recorded is None or "error" in recorded or "waitsUntil" in recorded:
            return False
        read = recorded.get("signal")
        if read["name"] != self.signal if isinstance(read, dict) else "result" in recorded:
            raise StepMisusedError(f"{self.title} has the name of a step of the job that is no wait for '{self.signal}'")
        return True

    def end_of(self, recorded: Step | None) -> datetime | None:
        """When the time limit of a wait is over that has not ended; None if it has none."""
        until = None if recorded is None else recorded.get("waitsUntil")
        return None if until is None else datetime.fromisoformat(until)


def wait_call_of(name: str, signal: str, timeout: float | timedelta | str | None, key: str | int | None) -> WaitCall:
    """Raises StepMisusedError for what makes no sense."""
    check_name(name, "the name of a wait")
    limit = None if timeout is None else span_of(f"the time limit of the wait '{name}'", timeout)
    call = WaitCall(name, key_of(key, f"the key of the wait '{name}'"), signal, limit)
    if limit is not None and limit > LONGEST:
        raise StepMisusedError(f"{call.title} would last longer than {LONGEST.days} days")
    return call
