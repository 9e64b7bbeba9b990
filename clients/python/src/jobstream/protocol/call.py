"""Calls for work, and what a call means for a job: the table in docs/worker-protocol.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from nats.aio.msg import Msg

from .events import CREATIONS, Event, parse_time
from .job import ENDED, JobState

Plan = Literal["start", "resume", "give up", "set timer", "watch", "hand back", "leave", "acknowledge"]


@dataclass(frozen=True)
class Call:
    """A message that calls for work on a job: its creation or requeue, a signal, or a timer that fired."""

    msg: Msg
    job_id: str
    event: Event | None
    """None for a timer."""
    fired_for: datetime | None = None
    """The time for which a timer was set, if the server fired it then, later, or early on purpose."""
    early: bool = False
    """Whether it was fired early: that delivery does not count."""
    priority: str | None = None
    """`high` or `low` if it came the way of such jobs: a hint, since the job may have got another priority."""

    @property
    def sequence(self) -> int:
        return self.msg.metadata.sequence.stream

    @property
    def delivery(self) -> int:
        return max(1, self.msg.metadata.num_delivered - int(self.early))

    @property
    def name(self) -> str:
        return f"timer:{self.sequence}" if self.event is None else str(self.event["id"])

    @property
    def cause(self) -> str:
        return self.name if self.delivery == 1 else f"{self.name}#{self.delivery}"

    @property
    def is_whole_history(self) -> bool:
        """Whether it is the first delivery of the job's first message."""
        return self.event is not None and self.event["event"] in CREATIONS and self.delivery == 1

    @property
    def is_signal(self) -> bool:
        return self.event is not None and self.event["event"] == "JobSignalled"

    @property
    def not_before(self) -> datetime | None:
        """The time that has come for certain, whatever the clocks say: that of a timer that has fired, or of a signal."""
        return parse_time(self.event["at"]) if self.event is not None and self.is_signal else self.fired_for

    def has_fired_for(self, at: datetime | None) -> bool:
        """Whether it is a timer that has fired for this time or a later one, whatever the clocks say."""
        return self.fired_for is not None and at is not None and self.fired_for >= at

    def is_copy_in(self, job: JobState) -> bool:
        """Whether a program that does not keep to the protocol has stored an event of the job once more."""
        newer = self.event is not None and self.sequence > job.dispatches[0]
        return newer and self.sequence not in job.dispatches

    def is_of_other_priority_than(self, job: JobState) -> bool:
        """Whether it was stored before the job got the priority that it has. Of an attempt that runs a timer tells nothing."""
        if self.event is not None:
            return self.sequence < job.called_from
        return self.priority != job.priority and job.status != "processing"

    @property
    def trace(self) -> dict[str, str]:
        """The header of the trace that the call belongs to, for what follows from it."""
        traceparent = (self.msg.headers or {}).get("traceparent")
        return {} if traceparent is None else {"traceparent": traceparent}

    def has_started(self, job: JobState) -> bool:
        """Whether the last attempt says that it was started by this message, or has gone on with it."""
        return job.started_by is not None and self.delivery_that_started(job) is not None

    def delivery_that_started(self, job: JobState) -> int | None:
        """Which delivery of this message the job's last attempt was started by; None if it was another message."""
        if job.started_by is None or job.started_by == self.name:
            return 1
        name, _, delivery = job.started_by.partition("#")
        return int(delivery) if name == self.name else None


def plan(job: JobState, call: Call, now: datetime) -> Plan:
    """What a call for work means for a job in this state, at this time of the server."""
    if job.is_unreadable:
        return "leave"
    if job.status in ENDED or call.is_copy_in(job):
        return "acknowledge"
    if call.event is not None and call.sequence < job.called_from and not job.calls_again:
        return "acknowledge"  # a timer calls instead: the log is about to lose the message
    if call.is_signal and not call.has_started(job) and not job.waits_until(call.not_before or now):
        return "acknowledge"  # a running attempt sees the signal itself, and a later one finds it
    if call.is_of_other_priority_than(job):
        return "acknowledge" if job.status == "processing" else "set timer"
    if job.is_left_to_timer:
        return _plan_waiting(job, call, now)
    return _plan_running(job, call) if job.status == "processing" else "start"


def _plan_waiting(job: JobState, call: Call, now: datetime) -> Plan:
    """A message whose earlier holder may have set the timer, and may acknowledge it now, starts no attempt.

    Of the timer of this very wait an earlier holder can only start the attempt, too.
    """
    is_its_timer = call.has_fired_for(job.run_at)
    served = call.has_started(job) or (call.delivery > 1 and not is_its_timer)
    if served or (job.run_at or now) > (call.not_before or now):
        return "set timer"
    return "resume" if job.status == "waiting" else "start"


def _plan_running(job: JobState, call: Call) -> Plan:
    """If another message started the attempt, a timer looks at the job again when the attempt must be over."""
    started_by = call.delivery_that_started(job)
    if started_by is None and not call.has_fired_for(job.over_at):
        return "hand back" if call.event is None and call.delivery == 1 else "watch"
    if started_by is not None and call.delivery <= started_by:
        return "hand back"
    return "give up" if job.is_last_attempt else "start"
