"""Events as they are in the log: reading them, and telling those that count from those that do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Event = dict[str, Any]

SUFFIXES = {"JobRetryScheduled": "retry-scheduled", "JobDueNow": "due-now", "JobPayloadChanged": "payload-changed"}
EVENTS = {"JobCreated", "JobStarted", "JobProgressed", "JobCompleted", "JobRetryScheduled", "JobFailed", "JobCancelled"}
EVENTS |= {"JobRequeued", "JobDueNow", "JobPayloadChanged", "JobRevised", "JobReleased", "JobCarried"}
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
    token = SUFFIXES.get(event["event"], event["event"].removeprefix("Job").lower())
    return f"jobs.{event['jobType']}.{event['jobId']}.{token}"


def decode(subject: str, data: bytes, headers: Mapping[str, str]) -> Event:
    """Reads an event.

    Raises NewerEventError, or one of NO_EVENT if it is no event, the event of another subject, or a copied JobCreated.
    """
    event: Event = json.loads(data)
    if event["v"] > 1 or event["event"] not in EVENTS:
        raise NewerEventError(newer_event(event, subject))
    if subject_of(event) != subject or not event["id"] or not isinstance(event["data"], dict):
        raise ValueError("not an event, or on the subject of another")
    if event["event"] == "JobCreated" and not is_first(headers, event["jobType"], event["jobId"]):
        raise ValueError("not the first JobCreated of its job")
    return event


def newer_event(event: Event, subject: str) -> Event:
    """What is known of an event of a newer release: which of the events of which job it is."""
    head, _, _ = subject.rpartition(".")
    known = {subject_of({**event, "event": name}) for name in EVENTS}
    fits = subject_of(event) == subject if event["event"] in EVENTS else subject not in known
    if head != f"jobs.{event['jobType']}.{event['jobId']}" or not fits:
        raise ValueError("an event on the subject of another")
    named = {"name": event["event"], "jobId": event["jobId"], "jobType": event["jobType"]}
    return {"event": NEWER, "id": None, "version": int(event["version"]), **named}


def is_first(headers: Mapping[str, str], job_type: str, job_id: str) -> bool:
    """Whether the server has stored a JobCreated only because the job had none."""
    filters = (None, f"jobs.*.{job_id}.>", f"jobs.{job_type}.{job_id}.>")
    return headers.get(EXPECTED) == "0" and headers.get(COMPARED) in filters


def is_checked(headers: Mapping[str, str], newer: Event) -> bool:
    """Whether the server has stored an event of a newer release only because it follows the job's last message, or is its first."""
    job_type, job_id = newer["jobType"], newer["jobId"]
    if newer["name"] == "JobCreated":
        return is_first(headers, job_type, job_id)
    expected = headers.get(EXPECTED, "")
    compared = headers.get(COMPARED)
    if expected == "0":  # a newer release may begin jobs in other ways
        return newer["name"] not in EVENTS and compared is not None and is_first(headers, job_type, job_id)
    return expected.isdecimal() and compared == f"jobs.{job_type}.{job_id}.>"


def to_json(value: Any) -> bytes:
    """JSON in UTF-8. Raises TypeError or ValueError when the value is not JSON."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def format_time(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
