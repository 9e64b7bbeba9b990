"""The state of a job: the fold of its events, as far as a worker needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from .events import CARRIES, CREATIONS, NEWER, NO_EVENT, Event, parse_time, priority_of
from .signals import Unread, carried_signals, counts_of, signal_of, without_read

ENDED = ("completed", "failed", "cancelled")
GRACE = timedelta(minutes=1)
"""After its timeout an attempt has this long to record its outcome."""
LONGEST_TIMER = timedelta(hours=1)
"""The timer of a job that waits is set for no later: whoever it calls sets it again."""

Step = dict[str, Any]
"""A step as the log has it: `name`, `key` if it has one, `result` or `error`, and `durationMs`.

A wait for a signal has the `signal` that it has read, or `waitsUntil` while it has a time limit and none.
"""


def step_id(step: Step) -> str:
    """What tells the steps of a job apart: no name and no key has a line break."""
    return step["name"] if "key" not in step else f"{step['name']}\n{step['key']}"


@dataclass(frozen=True)
class JobState:
    """A job after some of its events."""

    id: str
    created: Event
    sequence: int
    """That of the job's last message, which the next append must expect."""
    version: int = 1
    status: str = "pending"
    attempt: int = 0
    run_at: datetime | None = None
    started_by: str | None = None
    worker: str | None = None
    started_at: str | None = None
    run: dict[str, Any] = field(default_factory=dict)
    """The last attempt, as heartbeats list it."""
    dispatches: tuple[int, ...] = ()
    """The sequences of its first event, and of each requeue and signal."""
    priority: str | None = None
    """`high` or `low`; None for normal."""
    called_from: int = 0
    """The sequence of its last JobCarried or JobPriorityChanged: calls for work before it are obsolete."""
    calls_again: bool = False
    """Whether whoever gets such a call sets a timer in its place: the job has got another priority."""
    is_unreadable: bool = False
    """Whether it has events that only newer workers understand: the rest may be wrong."""
    ran_ms: float = 0
    """For how long the attempt has run before its last wait; 0 for one that has not waited."""
    steps: Mapping[str, Step] = field(default_factory=dict)
    """Its steps by their ids, each as it was recorded last."""
    steps_recorded: int = 0
    """How many were recorded; one that ran again counts each time."""
    generation: int = 0
    """How often another payload has dropped the steps."""
    signals: Unread = field(default_factory=dict)
    """Those that no step has read, by their ids, oldest first."""
    awaits: tuple[str, ...] = ()
    """The names of the signals by which it is called while it waits."""

    @staticmethod
    def first(event: Event, sequence: int) -> JobState:
        """The job with which a history begins: with a creation, or with a JobCarried where the log has lost events."""
        if event["event"] in CARRIES:
            return JobState.carried_as(event, sequence)
        run_at = parse_time(event["data"].get("runAt"))
        delayed = run_at is not None and run_at > datetime.fromisoformat(event["at"])
        status = "scheduled" if delayed else "pending"
        job = JobState(event["jobId"], event, sequence, run_at=run_at, status=status, dispatches=(sequence,))
        return replace(job, priority=priority_of(event))

    @staticmethod
    def unreadable(newer: Event, sequence: int) -> JobState:
        """A job of which nothing is known but that a newer release has begun it."""
        return JobState(newer["jobId"], newer, sequence, version=newer["version"], status="unknown", is_unreadable=True)

    @staticmethod
    def carried_as(event: Event, sequence: int) -> JobState:
        data = event["data"]
        return JobState(
            event["jobId"],
            event,
            sequence,
            version=event["version"],
            status=data["status"],
            attempt=data["attempt"],
            run_at=parse_time(data.get("runAt")),
            started_by=data.get("startedBy"),
            worker=data.get("worker"),
            started_at=data.get("startedAt"),
            dispatches=(sequence,),
            priority=priority_of(event),
            called_from=sequence,
            ran_ms=data.get("ranMs", 0),
            steps={step_id(step): step for step in data.get("steps", ())},
            steps_recorded=data.get("stepsRecorded", 0),
            generation=data.get("generation", 0),
            signals=carried_signals(data),
            awaits=tuple(data.get("awaits", ())),
        )

    def after(self, event: Event, sequence: int) -> JobState:
        """The job after its next event."""
        name, data = event["event"], event.get("data", {})
        job = replace(self, sequence=sequence, version=event["version"])
        if name == NEWER:
            return replace(job, is_unreadable=True)
        if name == "JobStarted":
            return replace(job._begun(event), ran_ms=0)
        if name in ("JobSuspended", "JobResumed"):
            return job._suspended(event) if name == "JobSuspended" else job._resumed(event)
        if name == "JobSignalled":
            return job._signalled(event)
        if name == "JobRetryScheduled":
            return replace(job, status="retrying", run_at=parse_time(data["retryAt"]))
        if name == "JobReleased":
            return replace(job, status="pending", attempt=self.attempt - 1)
        if name in ("JobRequeued", "JobRequeuedWithPriority"):
            return job._requeued(event)
        if name == "JobPriorityChanged":
            return replace(job, priority=priority_of(event), called_from=sequence, calls_again=True)
        if name == "JobDueNow":
            return replace(job, run_at=parse_time(event["at"]))
        if name in ("JobPayloadChanged", "JobRevised"):
            return job._changed(event)
        if name == "JobStepsRecorded":
            return job._with_steps(data)
        if name in ("JobCompleted", "JobFailed", "JobCancelled"):
            return replace(job, status=name.removeprefix("Job").lower())
        if name in CARRIES:
            return job._carried(name, data)
        return job  # JobProgressed

    def _begun(self, event: Event) -> JobState:
        attempt, at = event["data"]["attempt"], event["at"]
        run = {"attempt": attempt, "runId": event["id"], "startedAt": at}
        job = replace(self, status="processing", attempt=attempt, worker=event["data"]["worker"], started_at=at)
        return replace(job, started_by=event.get("causationId"), run=run)

    def _suspended(self, event: Event) -> JobState:
        """It is due at once where a signal is there that it awaits. Raises ValueError for the wait of a run that was overtaken."""
        data = event["data"]
        if (self.status, self.attempt) != ("processing", data["attempt"]):
            raise ValueError("an attempt that does not run")
        awaits = tuple(data.get("signals", ()))
        is_called = any(signal["name"] in awaits for signal in self.signals.values())
        run_at = parse_time(event["at"] if is_called else data["until"])
        return replace(self, status="waiting", run_at=run_at, ran_ms=data["ranMs"], awaits=awaits)

    def _signalled(self, event: Event) -> JobState:
        """Raises ValueError for a job that has ended."""
        if self.status in ENDED:
            raise ValueError("a signal for a job that has ended")
        at, signal = datetime.fromisoformat(event["at"]), signal_of(event)
        is_called = self.status == "waiting" and signal["name"] in self.awaits and (self.run_at is None or self.run_at > at)
        job = replace(self, signals={**self.signals, signal["id"]: signal}, dispatches=(*self.dispatches, self.sequence))
        return replace(job, run_at=at) if is_called else job

    def _resumed(self, event: Event) -> JobState:
        """The same attempt, in another run. Raises ValueError where it does not wait."""
        if (self.status, self.attempt) != ("waiting", event["data"]["attempt"]):
            raise ValueError("an attempt that does not wait")
        return self._begun(event)

    def _changed(self, event: Event) -> JobState:
        """A payload that is given takes the place of the first, and a due time that is ahead makes the job wait for it."""
        data = event["data"]
        given = {"payload": data["payload"]} if "payload" in data else {}
        job = replace(self, created={**self.created, "data": {**self.created["data"], **given}})
        if event["event"] == "JobPayloadChanged" and data.get("keepSteps") is not True:
            job = replace(job, steps={}, steps_recorded=0, generation=self.generation + 1)
        run_at = parse_time(data.get("runAt"))
        if run_at is None:
            return job
        postponed = run_at > datetime.fromisoformat(event["at"])
        return replace(job, run_at=run_at, status="scheduled" if postponed else self.status)

    def _with_steps(self, data: dict[str, Any]) -> JobState:
        """Raises ValueError for steps of a run that was overtaken, those that the job has already, and those that have read other signals."""
        if (self.status, self.attempt, self.steps_recorded) != ("processing", data["attempt"], data["from"]):
            raise ValueError("steps that do not follow")
        recorded = {step_id(step): step for step in data["steps"]}
        count = self.steps_recorded + len(data["steps"])
        signals = without_read(self.signals, data["steps"])
        return replace(self, steps={**self.steps, **recorded}, steps_recorded=count, signals=signals)

    def _carried(self, name: str, data: dict[str, Any]) -> JobState:
        """Its steps and signals are those that the job has. Raises ValueError when they cannot be, and for a wait that there is not."""
        if (name == "JobCarriedWaiting") != (self.status == "waiting"):
            raise ValueError("carried with another status")
        if data.get("stepsRecorded", self.steps_recorded) != self.steps_recorded:
            raise ValueError("carried with other steps")
        if name != "JobCarried" and counts_of(carried_signals(data).values()) != counts_of(self.signals.values()):
            raise ValueError("carried with other signals")
        return replace(self, started_by=data.get("startedBy"), called_from=self.sequence, calls_again=False)

    def _requeued(self, event: Event) -> JobState:
        """A JobRequeued makes the job a normal one."""
        unreadable = self.is_unreadable and "discarded" not in event["data"]
        dispatches = (*self.dispatches, self.sequence)
        job = replace(self, status="pending", attempt=0, run_at=None, started_by=None, ran_ms=0)
        return replace(job, dispatches=dispatches, is_unreadable=unreadable, priority=priority_of(event))

    def is_same_attempt(self, other: JobState) -> bool:
        """The name of a worker and the time tell attempts apart whose numbers are the same, as after a requeue."""
        mine = (self.attempt, self.worker, self.started_at)
        if self.is_unreadable or not self.status == other.status == "processing":
            return False
        return mine == (other.attempt, other.worker, other.started_at)

    @property
    def over_at(self) -> datetime:
        """When the running attempt is over for certain, whatever has become of its worker."""
        return self.times_out_at + GRACE

    @property
    def times_out_at(self) -> datetime:
        """When the running attempt must end."""
        return datetime.fromisoformat(self.started_at or self.created["at"]) + self.time_left

    @property
    def time_left(self) -> timedelta:
        """How long the attempt may run from its last start on: what it ran before a wait counts, the wait does not."""
        return timedelta(milliseconds=max(1, self.created["data"]["timeoutMs"] - self.ran_ms))

    def called_at(self, now: datetime) -> datetime:
        """For when the timer of the job must be set in the state that it is in."""
        if self.status == "processing":
            return self.over_at
        if self.status == "waiting":
            return min(self.run_at or now, now + LONGEST_TIMER)
        return self.run_at or now

    @property
    def is_left_to_timer(self) -> bool:
        """Whether it waits for a time."""
        return self.status in ("scheduled", "retrying", "waiting")

    def waits_until(self, now: datetime) -> bool:
        """Whether its attempt has waited until now, and goes on."""
        return self.status == "waiting" and (self.run_at is None or self.run_at <= now)

    @property
    def is_last_attempt(self) -> bool:
        return self.attempt >= int(self.created["data"]["maxAttempts"])


def fold(history: Iterable[tuple[Event | None, int]]) -> JobState | None:
    """The job after its history. A message that is no event, or does not follow, counts only by its sequence."""
    job: JobState | None = None
    for event, sequence in history:
        if job is None and event is not None and event["event"] == NEWER:
            job = JobState.unreadable(event, sequence)
        elif job is not None and job.status == "unknown":
            job = _next(None, event, sequence) or replace(job, sequence=sequence)
        else:
            job = _next(job, event, sequence)
    return job


def _next(job: JobState | None, event: Event | None, sequence: int) -> JobState | None:
    if job is None:
        begins = event is not None and event["event"] in (*CREATIONS, *CARRIES)
        return JobState.first(event, sequence) if event is not None and begins else None
    if event is not None and event["event"] in CARRIES and event["version"] > job.version + 1:
        return JobState.first(event, sequence)  # the log has lost events before it
    try:
        follows = event is not None and event["version"] == job.version + 1
        return job.after(event, sequence) if event is not None and follows else replace(job, sequence=sequence)
    except NO_EVENT:
        return replace(job, sequence=sequence)
