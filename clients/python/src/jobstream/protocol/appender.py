"""Appending the events of jobs of one type, and setting their timers."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from nats.js import JetStreamContext
from nats.js.errors import APIError

from .call import Call
from .events import Event, format_time, subject_of, to_json
from .job import ENDED, JobState
from .job_log import JobLog, until_answered
from .server_clock import ServerClock

CONFLICTS = (10071, 10164)
APPEND_TRIES = 100


class OvertakenError(Exception):
    """Another writer has moved the job on: nothing more may be appended for this attempt."""

    def __init__(self) -> None:
        super().__init__("the job has moved on without this attempt")


class Appender:
    """Appends events in the name of one worker."""

    def __init__(self, js: JetStreamContext, log: JobLog, clock: ServerClock, worker: str) -> None:
        self.js, self.log, self.clock, self.worker = js, log, clock, worker
        self.job_type = log.job_type

    async def append(
        self, call: Call, job: JobState, name: str, data: dict[str, Any], at: datetime | None = None
    ) -> JobState:
        """Appends one event, also behind what does not end the attempt; returns the job after it. `at` is its time, default now.

        Raises OvertakenError when the job has moved on, and APIError when the server refuses the event.
        """
        event = self._event(call, job, name, data)
        event["at"] = format_time(at or self.time_of(call))
        expected = job.sequence
        for _ in range(APPEND_TRIES):
            try:
                return job.after(event, await self._store(event, expected, call.trace))
            except OvertakenError:
                found = await self.log.read(job.id)
                if found is None or found.sequence <= expected:
                    raise
                if found.version > job.version and found.is_same_attempt(job):
                    job = replace(found, run=job.run)
                    event["version"] = job.version + 1
                    if data.get("from", found.steps_recorded) < found.steps_recorded:
                        return job  # an earlier try was stored: the JobCarriedWithSteps has its steps
                elif found.version != job.version:
                    raise
                expected = found.sequence
        raise OvertakenError

    async def refreshed(self, job: JobState) -> JobState:
        """The job with what others have appended, such as signals, as long as it is in the same attempt; else as it is known."""
        found = await self.log.read(job.id)
        if found is None or found.version <= job.version or not found.is_same_attempt(job):
            return job
        return replace(found, run=job.run)

    def _event(self, call: Call, job: JobState, name: str, data: dict[str, Any]) -> Event:
        event = {
            "v": 1,
            "id": str(uuid.uuid4()),
            "event": name,
            "jobId": job.id,
            "jobType": self.job_type,
            "version": job.version + 1,
            "actor": {"kind": "worker", "id": self.worker},
            "causationId": call.cause,
            "data": data,
        }
        return {**event, "tenant": job.created["tenant"]} if "tenant" in job.created else event

    def time_of(self, call: Call) -> datetime:
        """Now. An attempt that a timer or a signal began is not before the time of that, however well the clock is measured."""
        now = self.clock.now()
        return max(now, call.not_before or now)

    async def _store(self, event: Event, expected: int, trace: dict[str, str]) -> int:
        headers = {
            "Nats-Expected-Last-Subject-Sequence": str(expected),
            "Nats-Expected-Last-Subject-Sequence-Subject": f"jobs.{self.job_type}.{event['jobId']}.>",
            **trace,
        }
        tries = 0

        async def publish() -> int:
            nonlocal tries
            tries += 1
            return (await self.js.publish(subject_of(event), to_json(event), headers=headers)).seq

        try:
            return await until_answered(publish)
        except APIError as error:
            if error.err_code not in CONFLICTS:
                raise
            # After a try whose answer was lost, it may be our own event that is in the way.
            history = await self.log.history(event["jobId"]) if tries > 1 else []
            for own, sequence in history:
                if own is not None and own["id"] == event["id"]:
                    return sequence
            raise OvertakenError from error

    async def set_timer(self, call: Call, job: JobState, at: datetime) -> None:
        """Makes the server call for work on the job at this time, on the way of its priority. Idempotent: a job has one timer."""
        lane = call.priority if job.status == "unknown" else job.priority
        wake = {"jobId": call.job_id, "jobType": self.job_type, "at": format_time(at)}
        headers = {
            "Nats-Schedule": f"@at {format_time(at)}",
            "Nats-Schedule-Target": f"timers.{lane or 'due'}.{self.job_type}",
            **call.trace,
        }
        subject = f"timers.at.{self.job_type}.{call.job_id}"
        await until_answered(lambda: self.js.publish(subject, to_json(wake), headers=headers))

    async def set_own_timer(self, call: Call, job: JobState) -> JobState | None:
        """Sets the timer of the state that the job is in, and looks at it once more; returns what it found last.

        Somebody else may have moved the job on since, and the timer may have replaced that of its next wait.
        """
        while True:
            await self.set_timer(call, job, job.called_at(self.clock.now()))
            found = await self.log.read_fresh(call)
            if found is None or found.status in ENDED or found.is_unreadable or found.sequence <= job.sequence:
                return found
            job = found
