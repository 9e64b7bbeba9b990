"""From a message to an attempt: reading the call for work, and claiming the job."""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress
from datetime import datetime, timedelta

from nats.aio.msg import Msg

from ..protocol.appender import Appender, OvertakenError
from ..protocol.call import Call, Plan, plan
from ..protocol.events import LANES, NO_EVENT, NewerEventError, decode, is_checked, priority_of
from ..protocol.job import JobState
from .attempt import Attempt

log = logging.getLogger("jobstream")

JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAX_EARLY = timedelta(seconds=30)
DOUBT = timedelta(milliseconds=100)
"""A timer that fired early waits so much longer, since the worker that gets it next knows the time less exactly."""
NEWER_WAIT = 5


class Claims:
    """Claims jobs of one type for a worker."""

    def __init__(self, appender: Appender, ack_wait: float, version: str | None = None) -> None:
        self.appender, self.ack_wait = appender, ack_wait
        self.started_by = {"worker": appender.worker} | ({} if version is None else {"workerVersion": version})
        self.clock, self.log, self.job_type = appender.clock, appender.log, appender.job_type

    async def read_call(self, msg: Msg) -> Call | None:
        """The call for work that the message is; None when it is none, and is settled."""
        try:
            if msg.metadata.stream == "TIMERS":
                return await self._read_timer(msg)
            event = decode(msg.subject, msg.data, msg.headers or {})
            return Call(msg, str(event["jobId"]), event, priority=priority_of(event))
        except NewerEventError as error:
            if is_checked(msg.headers or {}, error.event):
                await msg.nak(delay=NEWER_WAIT)
            else:
                await msg.term()
        except NO_EVENT as error:
            log.error("malformed work message rejected: %s: %r", msg.subject, error)
            await msg.term()
        return None

    async def _read_timer(self, msg: Msg) -> Call | None:
        """None for a timer that was fired early: it waits out the rest of its time in its consumer."""
        wake = json.loads(msg.data)
        if not JOB_ID.fullmatch(wake["jobId"]) or wake["jobType"] != self.job_type:
            raise ValueError("not a wake-up of a job of this type")
        way = msg.subject.split(".")[1]
        lane = way if way in LANES else None
        at = datetime.fromisoformat(wake["at"])
        early = at - msg.metadata.timestamp
        reached = self.clock.reached()
        if timedelta(0) < early <= MAX_EARLY and at > reached:
            await msg.nak(delay=(min(early, at - reached) + DOUBT) / timedelta(seconds=1))
            return None
        if early > MAX_EARLY:
            return Call(msg, str(wake["jobId"]), None, priority=lane)
        return Call(msg, str(wake["jobId"]), None, at, early > timedelta(0), lane)

    async def claim(self, call: Call) -> Attempt | None:
        """Starts an attempt; None when there is nothing to start, and the message is settled."""
        job, watched = await self._state_for(call), None
        while job is not None:
            match plan(job, call, self.clock.now()):
                case "start" | "resume" as decision:
                    with suppress(OvertakenError):
                        return await self._begin(decision, call, job)
                case "watch" if watched != job.over_at:
                    # If the attempt has failed meanwhile, this may have replaced the timer of its retry: look again.
                    watched = job.over_at
                    await self.appender.set_timer(call, job, watched)
                case decision:
                    await self._settle(decision, call, job)
                    return None
            job = await self.log.read_fresh(call)
        await call.msg.ack()
        return None

    async def _begin(self, decision: Plan, call: Call, job: JobState) -> Attempt:
        """Begins the next attempt, or goes on with the one that waits."""
        resumes = decision == "resume"
        data = {"attempt": job.attempt if resumes else job.attempt + 1, **self.started_by}
        begun = await self.appender.append(call, job, "JobResumed" if resumes else "JobStarted", data)
        return Attempt(self.appender, call, begun)

    async def _settle(self, decision: Plan, call: Call, job: JobState) -> None:
        match decision:
            case "give up":
                error = {"name": "WorkerLost", "message": f"worker {job.worker} stopped answering"}
                data = {"attempt": job.attempt, "reason": "worker-lost", "error": error}
                await self.appender.append(call, job, "JobFailed", data)
                await call.msg.ack()
            case "set timer":
                await self._leave_to_timer(call, job)
            case "hand back":
                await call.msg.nak(delay=self.ack_wait)
            case "leave":
                await self._leave_to_newer_worker(call, job)
            case _:
                await call.msg.ack()

    async def _leave_to_timer(self, call: Call, job: JobState) -> None:
        """The job may have been made due, and have run and failed, since it was read."""
        found = await self.appender.set_own_timer(call, job)
        if found is not None and found.is_unreadable:
            await self._leave_to_newer_worker(call, found)
        else:
            await call.msg.ack()

    async def settle_overtaken(self, call: Call) -> None:
        """Settles the message of an attempt without which the job has moved on.

        Not at all if another worker may hold the message or have handed it back: an acknowledgement would take it away.
        """
        job = await self.log.read(call.job_id)
        if job is not None and job.status in ("processing", "pending"):
            return
        if job is not None and job.is_left_to_timer:
            await self.appender.set_timer(call, job, job.called_at(self.clock.now()))  # whoever left the job to it may have died before
        await call.msg.ack()

    async def _leave_to_newer_worker(self, call: Call, job: JobState) -> None:
        """A job that waits is offered by a new timer: a redelivery would look as if it had been left to its timer."""
        log.warning("job %s has events that only newer workers understand", job.id)
        waits = job.is_left_to_timer or (job.status == "unknown" and call.event is None)
        if not waits:
            await call.msg.nak(delay=NEWER_WAIT)
            return
        now = self.clock.now()
        await self.appender.set_timer(call, job, max(now + timedelta(seconds=NEWER_WAIT), job.called_at(now)))
        await call.msg.ack()

    async def _state_for(self, call: Call) -> JobState | None:
        """The first delivery of a job's first message is the whole history: there is nothing to read."""
        if call.event is not None and call.is_whole_history:
            return JobState.first(call.event, call.sequence)
        return await self.log.read_fresh(call)
