"""Events as they are in the log: reading them, and telling those that count from those that do not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Event = dict[str, Any]

SUFFIXES = {"JobRetryScheduled": "retry-scheduled", "JobDueNow": "due-now", "JobPayloadChanged": "payload-changed"}
SUFFIXES |= {"JobPriorityChanged": "priority-changed", "JobStepsRecorded": "steps-recorded"}
SUFFIXES |= {"JobCarriedWithSteps": "carried-with-steps", "JobCarriedWaiting": "carried-waiting"}
EVENTS = {"JobCreated", "JobStarted", "JobProgressed", "JobCompleted", "JobRetryScheduled", "JobFailed", "JobCancelled"}
EVENTS |= {"JobRequeued", "JobDueNow", "JobPayloadChanged", "JobRevised", "JobReleased", "JobStepsRecorded"}
EVENTS |= {"JobSuspended", "JobResumed", "JobSignalled"}
CARRIES = ("JobCarried", "JobCarriedWithSteps", "JobCarriedWaiting")
"""Events that have the whole state of a job: a history may begin with one."""
EVENTS |= set(CARRIES)
BY_PRIORITY = {"JobCreatedWithPriority", "JobRequeuedWithPriority"}
"""Events whose subject ends with their priority."""
EVENTS |= BY_PRIORITY | {"JobPriorityChanged"}
CREATIONS = ("JobCreated", "JobCreatedWithPriority")
LANES = ("high", "low")
"""The priorities other than normal: their calls for work and timers go a way of their own."""
PRIORITIES = {name: LANES for name in BY_PRIORITY} | {"JobPriorityChanged": (*LANES, "normal")}
"""Those that an event may give a job."""
SIGNAL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
NEWER = "?"
"""Stands in the place of the name of an event that only newer workers understand."""
NO_EVENT = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a message raises that is no event."""
EXPECTED = "Nats-Expected-Last-Subject-Sequence"
COMPARED = "Nats-Expected-Last-Subject-Sequence-Subject"


class NewerEventError(Exception):
    """An event that only newer workers understand; `event` has what is known of it."""

    def __init__(self, event: Event) -> None:
        super().__init__(f"{event['name']} is an event of a newer release")
        self.event = event


def subject_of(event: Event) -> str:
    [token] = tokens_of(event["event"]) if event["event"] not in BY_PRIORITY else [event["data"]["priority"]]
    return f"jobs.{event['jobType']}.{event['jobId']}.{token}"


def priority_of(event: Event) -> str | None:
    """The priority of a job after this event, if the event says it: `high` or `low`, None for normal."""
    says = event["event"] in (*PRIORITIES, *CARRIES)
    priority = event["data"].get("priority") if says else None
    return priority if priority in LANES else None


def tokens_of(name: str) -> tuple[str, ...]:
    """The last tokens that the subjects of events with this name may have."""
    return LANES if name in BY_PRIORITY else (SUFFIXES.get(name, name.removeprefix("Job").lower()),)


def decode(subject: str, data: bytes, headers: Mapping[str, str]) -> Event:
    """Reads an event.

    Raises NewerEventError, or one of NO_EVENT if it is no event, the event of another subject, or a copied creation.
    """
    event: Event = json.loads(data)
    if event["v"] > 1 or event["event"] not in EVENTS:
        raise NewerEventError(newer_event(event, subject))
    if subject_of(event) != subject or not event["id"] or not isinstance(event["data"], dict):
        raise ValueError("not an event, or on the subject of another")
    if event["event"] == "JobSignalled":
        check_signal(event)
    if event["event"] in PRIORITIES and event["data"]["priority"] not in PRIORITIES[event["event"]]:
        raise ValueError("not a priority that a job may have")
    if event["event"] in CREATIONS and not is_first(headers, event["event"], event["jobType"], event["jobId"]):
        raise ValueError("not the first event of its job")
    return event


def check_signal(event: Event) -> None:
    """Raises one of NO_EVENT for a JobSignalled that is none."""
    if not SIGNAL_NAME.fullmatch(event["data"]["name"]):
        raise ValueError("not a name that a signal may have")
    datetime.fromisoformat(event["at"])


def newer_event(event: Event, subject: str) -> Event:
    """What is known of an event of a newer release: which of the events of which job it is."""
    head, _, token = subject.rpartition(".")
    known = {token for name in EVENTS for token in tokens_of(name)}
    fits = token in tokens_of(event["event"]) if event["event"] in EVENTS else token not in known
    if head != f"jobs.{event['jobType']}.{event['jobId']}" or not fits:
        raise ValueError("an event on the subject of another")
    named = {"name": event["event"], "jobId": event["jobId"], "jobType": event["jobType"]}
    return {"event": NEWER, "id": None, "version": int(event["version"]), **named}


def is_first(headers: Mapping[str, str], name: str, job_type: str, job_id: str) -> bool:
    """Whether the server has stored an event only because the job had none; a JobCreated may be compared with its own subject."""
    filters = (f"jobs.*.{job_id}.>", f"jobs.{job_type}.{job_id}.>", *([None] if name == "JobCreated" else []))
    return headers.get(EXPECTED) == "0" and headers.get(COMPARED) in filters


def is_checked(headers: Mapping[str, str], newer: Event) -> bool:
    """Whether the server has stored an event of a newer release only because it follows the job's last message, or is its first."""
    name, job_type, job_id = newer["name"], newer["jobType"], newer["jobId"]
    expected = headers.get(EXPECTED, "")
    if name in CREATIONS or expected == "0":  # a newer release may begin jobs in other ways
        return (name in CREATIONS or name not in EVENTS) and is_first(headers, name, job_type, job_id)
    return expected.isdecimal() and headers.get(COMPARED) == f"jobs.{job_type}.{job_id}.>"


def to_json(value: Any) -> bytes:
    """JSON in UTF-8. Raises TypeError or ValueError when the value is not JSON."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def format_time(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
