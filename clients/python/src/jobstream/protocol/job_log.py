"""Reading the jobs of one type from the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import nats.errors
from nats.aio.client import Client
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from .call import Call
from .events import CARRIES, COMPARED, CREATIONS, EXPECTED, NO_EVENT, Event, NewerEventError, decode, is_checked, tokens_of
from .job import JobState, fold
from .pages import read_all

log = logging.getLogger("jobstream")

Result = TypeVar("Result")

UNANSWERED_PAUSE = 0.25
READ_TRIES, READ_PAUSE = 40, 0.05


@dataclass(frozen=True)
class Stored:
    """A message in the log."""

    event: Event | None
    """None if it is no event, or the event of another subject."""
    sequence: int
    previous: int | None
    """The sequence that its writer expected: that of the job's message before it."""
    is_linked: bool
    """Whether the server has checked that, so that no message of the job is between the two."""

    @property
    def name(self) -> str | None:
        return None if self.event is None else str(self.event["event"])


class JobLog:
    """Reads the jobs of one type."""

    def __init__(self, nc: Client, js: JetStreamContext, job_type: str) -> None:
        self.nc, self.js, self.job_type = nc, js, job_type

    async def read_fresh(self, call: Call) -> JobState | None:
        """The job, at least as new as the call; in a cluster a message may arrive before it can be read.

        Raises RuntimeError after about two seconds.
        """
        newest = 0 if call.event is None else call.sequence
        for _ in range(READ_TRIES):
            job = await self.read(call.job_id)
            if (job.sequence if job else 0) >= newest:
                return job
            await asyncio.sleep(READ_PAUSE)
        raise RuntimeError(f"job {call.job_id} cannot be read up to sequence {newest}")

    async def read(self, job_id: str) -> JobState | None:
        return fold(await self.history(job_id))

    async def history(self, job_id: str) -> list[tuple[Event | None, int]]:
        """A job's messages, oldest first; None for what is no event: it counts for nothing, but appends go behind it."""
        messages: list[Stored] = []
        ahead: dict[int, Stored] = {}
        not_ahead = {"JobStepsRecorded", "JobSignalled"}
        wanted: int | None = None
        while wanted != 0:
            message = ahead.get(wanted or 0) or await self._stored(job_id, wanted)
            if message is None and wanted is None:
                return []
            if message is None or not message.is_linked:
                return await self._history_by_subject(job_id)
            messages.append(message)
            if message.name in not_ahead:
                not_ahead.remove(message.name)
                ahead |= await self._read_ahead(job_id, *tokens_of(message.name))
            wanted = 0 if message.name in CARRIES else message.previous
        return [(message.event, message.sequence) for message in reversed(messages)]

    async def _read_ahead(self, job_id: str, token: str) -> dict[int, Stored]:
        """The messages with steps or signals by their sequences, in few requests: there may be a thousand. What is missing is read by itself."""
        try:
            messages = await read_all(self.nc, "JOBS", f"jobs.{self.job_type}.{job_id}.{token}")
        except nats.errors.Error as error:
            log.warning("the messages of job %s are read one by one: %r", job_id, error)
            return {}
        return {msg.seq or 0: read_stored(msg, f"jobs.{self.job_type}.{job_id}.>") for msg in messages}

    async def _history_by_subject(self, job_id: str) -> list[tuple[Event | None, int]]:
        """As `history`, where a program that does not keep to the protocol has broken the links between the messages."""
        last = await self._stored(job_id)
        events: list[tuple[Event | None, int]] = []
        sequence = 0
        while last is not None and sequence < last.sequence:
            message = await self._stored(job_id, sequence + 1, following=True)
            if message is None:
                break
            sequence = message.sequence
            events.append((message.event, sequence))
        return events

    async def _stored(self, job_id: str, sequence: int | None = None, *, following: bool = False) -> Stored | None:
        """The message with this sequence, or the job's first from there on, or its last; None if there is none."""
        subject = f"jobs.{self.job_type}.{job_id}.>"
        named = subject if following or sequence is None else None
        try:
            msg = await until_answered(partial(self.js.get_msg, "JOBS", sequence, named, next=following))
        except NotFoundError:
            return None
        return read_stored(msg, subject)


def read_stored(msg: RawStreamMsg, subject: str) -> Stored:
    """What a message of the log is in the history of the job with these subjects."""
    headers: Mapping[str, str] = msg.headers or {}
    event, newer = _decoded(msg, headers)
    expected = headers.get(EXPECTED, "")
    previous = int(expected) if expected.isdecimal() else None
    checked = headers.get(COMPARED) == subject
    own = (msg.subject or "").startswith(subject.removesuffix(">"))
    first = event is not None and event["event"] in CREATIONS
    linked = own and (first or (checked and bool(previous)))
    if newer is not None and is_checked(headers, newer):
        event, linked = newer, True
    return Stored(event, msg.seq or 0, previous, linked)


def _decoded(msg: RawStreamMsg, headers: Mapping[str, str]) -> tuple[Event | None, Event | None]:
    """The event of the message, or what is known of one of a newer release."""
    try:
        return decode(msg.subject or "", msg.data or b"", headers), None
    except NewerEventError as error:
        return None, error.event
    except NO_EVENT:
        return None, None


async def until_answered(ask: Callable[[], Awaitable[Result]]) -> Result:
    """Repeats what the server does not answer; what it refuses is raised."""
    while True:
        try:
            return await ask()
        except nats.errors.Error as error:
            if isinstance(error, MaxPayloadError) or (isinstance(error, APIError) and error.code != 503):
                raise
            log.warning("the server does not answer: %r", error)
            await asyncio.sleep(UNANSWERED_PAUSE)
