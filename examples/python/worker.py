"""A Jobstream worker in one file. It speaks the protocol of docs/worker-protocol.md; the names are those used there."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
import random
import re
import signal
import socket
import traceback
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic, time
from typing import Any, TypeVar

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import MaxPayloadError
from nats.js.api import ConsumerConfig
from nats.js.errors import APIError, NotFoundError

log = logging.getLogger("worker")

Result = TypeVar("Result")
Event = dict[str, Any]

CONFLICTS = (10071, 10164)
SUFFIXES = {"JobRetryScheduled": "retry-scheduled"}
EVENTS = {"JobCreated", "JobStarted", "JobProgressed", "JobCompleted", "JobRetryScheduled", "JobFailed", "JobCancelled"}
EVENTS |= {"JobRequeued", "JobReleased", "JobCarried"}
NEWER = "?"  # in the place of the name of an event that only newer workers understand
NEWER_WAIT = 5
ENDED = ("completed", "failed", "cancelled")
OLDEST_SERVER = (2, 14, 4)
APPEND_TRIES = 100
JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NO_EVENT = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a message raises that is no event."""
LARGEST_RESULT = 256 * 1024
BEAT_EVERY, ANNOUNCE_EVERY, RUNS_LISTED = 4, 3600, 100
MEASURE_EVERY, CLOCK_SET, MAX_EARLY = 60, 0.25, timedelta(seconds=30)
TIMEOUT, SHUTDOWN, MOVED_ON = "timeout", "the worker is shutting down", "the job has moved on"


class Unrecoverable(Exception):
    """Thrown by a handler when another attempt cannot help."""


class InvalidPayload(Exception):
    """Thrown by a handler that cannot make sense of its payload."""


class NewerEvent(Exception):
    """An event that only newer workers understand; the argument is what is known of it."""


class Overtaken(Exception):
    """Somebody else has moved the job on: nothing more may be appended for this attempt."""


@dataclass(frozen=True)
class Job:
    """The fold of a job's events, as far as a worker needs it."""

    id: str
    created: Event
    sequence: int
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
    """The sequences of its first event and of each JobRequeued."""
    carried: int = 0
    """The sequence of its last JobCarried: calls for work before it are obsolete."""
    is_unreadable: bool = False
    """Whether it has events that only newer workers understand: the rest may be wrong."""

    @staticmethod
    def first(event: Event, sequence: int) -> Job:
        """The job with which a history begins: with a JobCreated, or with a JobCarried where the log has lost events."""
        if event["event"] == "JobCarried":
            return Job.carried_as(event, sequence)
        run_at = parse_time(event["data"].get("runAt"))
        delayed = run_at is not None and run_at > datetime.fromisoformat(event["at"])
        status = "scheduled" if delayed else "pending"
        return Job(event["jobId"], event, sequence, run_at=run_at, status=status, dispatches=(sequence,))

    @staticmethod
    def carried_as(event: Event, sequence: int) -> Job:
        data = event["data"]
        return Job(
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
            carried=sequence,
        )

    def after(self, event: Event, sequence: int) -> Job:
        name, data = event["event"], event.get("data", {})
        job = replace(self, sequence=sequence, version=event["version"])
        if name == NEWER:
            return replace(job, is_unreadable=True)
        if name == "JobStarted":
            started = {"status": "processing", "attempt": data["attempt"], "worker": data["worker"]}
            started["started_at"] = event["at"]
            run = {"attempt": data["attempt"], "runId": event["id"], "startedAt": event["at"]}
            return replace(job, **started, started_by=event.get("causationId"), run=run)
        if name == "JobRetryScheduled":
            return replace(job, status="retrying", run_at=parse_time(data["retryAt"]))
        if name == "JobReleased":
            return replace(job, status="pending", attempt=self.attempt - 1)
        if name == "JobRequeued":
            dispatches = (*self.dispatches, sequence)
            job = replace(job, is_unreadable=self.is_unreadable and "discarded" not in data)
            return replace(job, status="pending", attempt=0, run_at=None, started_by=None, dispatches=dispatches)
        if name in ("JobCompleted", "JobFailed", "JobCancelled"):
            return replace(job, status=name.removeprefix("Job").lower())
        if name == "JobCarried":
            return replace(job, started_by=data.get("startedBy"), carried=sequence)
        return job  # JobProgressed

    def is_same_attempt(self, other: Job) -> bool:
        """The name of a worker and the time tell attempts apart whose numbers are the same, as after a requeue."""
        mine = (self.attempt, self.worker, self.started_at)
        if self.is_unreadable or not self.status == other.status == "processing":
            return False
        return mine == (other.attempt, other.worker, other.started_at)

    @property
    def is_last_attempt(self) -> bool:
        return self.attempt >= int(self.created["data"]["maxAttempts"])


class ServerClock:
    """The clock of the server, which alone decides what is due; in monotonic time between two measurements."""

    def __init__(self, nc: Client) -> None:
        self.nc = nc
        self.epoch = time() - monotonic()
        self.measured: float | None = None
        self.wall = 0.0

    def now(self) -> datetime:
        instant = datetime.fromtimestamp(self.epoch + monotonic(), UTC)
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)

    async def measure(self) -> None:
        """Believes the fastest of three answers: the server read its clock between the request and the answer."""
        fastest: float | None = None
        for _ in range(3):
            asked = monotonic()
            answer = await self.nc.request("$JS.API.STREAM.INFO.TIMERS", b"", timeout=2)
            answered = monotonic()
            server = datetime.fromisoformat(json.loads(answer.data)["ts"]).timestamp()
            if fastest is None or answered - asked < fastest:
                fastest, self.epoch = answered - asked, server - (asked + answered) / 2
        self.measured, self.wall = monotonic(), time() - monotonic()

    async def keep(self) -> None:
        """Measures again when it is time to, or when the clock of this machine was set or the machine slept."""
        was_set = abs(time() - monotonic() - self.wall) > CLOCK_SET
        if was_set or self.measured is None or monotonic() - self.measured >= MEASURE_EVERY:
            try:
                await self.measure()
            except nats.errors.Error as error:
                log.warning("the clock of the server is not measured: %r", error)


@dataclass(frozen=True)
class Call:
    """A message that calls for work on a job: a JobCreated or JobRequeued, or a timer that fired."""

    msg: Msg
    job_id: str
    event: Event | None
    """None for a timer."""
    fired_for: datetime | None = None
    """The time for which a timer was set, if the server fired it then, later, or early on purpose."""
    early: bool = False
    """Whether it was fired early: that delivery does not count."""

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
        return self.event is not None and self.event["event"] == "JobCreated" and self.delivery == 1

    def is_copy_in(self, job: Job) -> bool:
        """Whether somebody who does not keep to the protocol has stored an event of the job once more."""
        newer = self.event is not None and self.sequence > job.dispatches[0]
        return newer and self.sequence not in job.dispatches

    @property
    def trace(self) -> dict[str, str]:
        traceparent = (self.msg.headers or {}).get("traceparent")
        return {} if traceparent is None else {"traceparent": traceparent}

    def delivery_that_started(self, job: Job) -> int | None:
        """Which delivery of this message the job's last attempt was started by; None if it was another message."""
        if job.started_by is None or job.started_by == self.name:
            return 1
        name, _, delivery = job.started_by.partition("#")
        return int(delivery) if name == self.name else None


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


@dataclass
class Attempt:
    """An attempt that runs here. `job` follows what it appends."""

    worker: Worker
    call: Call
    job: Job
    began: int
    """The sequence of its JobStarted."""
    appending: asyncio.Lock = field(default_factory=asyncio.Lock)
    handling: asyncio.Task[Any] | None = None
    aborted_for: str | None = None

    @property
    def number(self) -> int:
        return self.job.attempt

    async def progress(self, percent: float, message: str | None = None) -> None:
        """Tells how far the work is. A handler that is aborted meanwhile must not take the append with it."""
        data = {"percent": percent} if message is None else {"percent": percent, "message": message}
        await asyncio.shield(self.append("JobProgressed", data))

    async def append(self, name: str, data: dict[str, Any], at: datetime | None = None) -> None:
        async with self.appending:
            data = {"attempt": self.number, **data}
            self.job = await self.worker.append(self.call, self.job, name, data, at)

    def abort(self, reason: str) -> None:
        if self.aborted_for is None and self.handling is not None:
            self.aborted_for = reason
            self.handling.cancel()


Handler = Callable[[Any, Attempt], Awaitable[Any]]


def plan(job: Job | None, call: Call, now: datetime) -> str:
    """What a call for work means for a job in this state, at this time of the server: the table in the protocol."""
    if job is not None and job.is_unreadable:
        return "leave"
    if job is None or job.status in ENDED or call.is_copy_in(job):
        return "acknowledge"
    if call.event is not None and call.sequence < job.carried:
        return "acknowledge"  # the log is about to lose the message: a timer calls instead
    started_by = call.delivery_that_started(job)
    if job.status in ("scheduled", "retrying"):
        served = call.delivery > 1 or (job.started_by is not None and started_by is not None)
        return "set timer" if served or (job.run_at or now) > (call.fired_for or now) else "start"
    if job.status != "processing":
        return "start"
    if started_by is None:
        return "hand back" if call.event is None and call.delivery == 1 else "acknowledge"
    if call.delivery <= started_by:
        return "hand back"
    return "give up" if job.is_last_attempt else "start"


class Worker:
    """Runs the jobs of one type."""

    def __init__(self, nc: Client, job_type: str, handler: Handler, settings: Settings) -> None:
        self.nc, self.js = nc, nc.jetstream()
        self.job_type, self.handler, self.settings = job_type, handler, settings
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.token = re.sub(r"[^A-Za-z0-9_-]", "-", self.name)
        self.clock = ServerClock(nc)
        self.started_at = format_time(self.clock.now())
        self.ack_wait = settings.ack_wait
        self.slots = asyncio.Semaphore(settings.concurrency)
        self.serving: set[asyncio.Task[None]] = set()
        self.running: dict[str, Attempt] = {}
        self.hints: set[asyncio.Task[None]] = set()
        self.stopping = asyncio.Event()
        self.closing = False

    async def run(self) -> None:
        """Takes calls for work until `stopping` is set, gives running attempts time to end, and releases them."""
        await self.clock.measure()
        kind = self.job_type
        consumers = [
            ("JOBS", f"worker-{kind}", f"jobs.{kind}.*.created"),
            ("JOBS", f"requeued-{kind}", f"jobs.{kind}.*.requeued"),
            ("TIMERS", f"due-{kind}", f"timers.due.{kind}"),
        ]
        announcing = asyncio.create_task(self.announce())
        for stream, name, subject in consumers:
            await self.find_consumer(stream, name, subject)
        await self.nc.subscribe(f"jobs.{kind}.*.cancelled", cb=self.on_cancel_hint)
        log.info("ready: %s takes %s jobs", self.name, kind)
        await asyncio.gather(*(self.take(stream, name) for stream, name, _ in consumers))
        if self.serving:
            await asyncio.wait(self.serving, timeout=self.settings.grace)
        self.closing = True
        for attempt in self.running.values():
            attempt.abort(SHUTDOWN)
        if self.serving:
            await asyncio.wait(self.serving)
        announcing.cancel()
        await self.beat()

    async def announce(self) -> None:
        """Reports the job type and this worker to the API. These are hints: what fails is left to the next time."""
        announced: float | None = None
        failing = False
        while True:
            try:
                if announced is None or monotonic() - announced >= ANNOUNCE_EVERY:
                    await self.announce_type()
                    announced = monotonic()
                failing = False
            except nats.errors.Error as error:
                log.log(logging.DEBUG if failing else logging.WARNING, "the job type is not announced: %r", error)
                failing = True
            await self.beat()
            await self.clock.keep()
            await self.next_beat()

    async def announce_type(self) -> None:
        announcement = {
            **self.identity(),
            "type": self.job_type,
            "limits": {"concurrency": self.settings.concurrency},
            "ackWaitMs": round(self.settings.ack_wait * 1000),
        }
        if self.job_type in PAYLOAD_SCHEMAS:
            announcement["payloadSchema"] = PAYLOAD_SCHEMAS[self.job_type]
        subject = f"types.{self.job_type}.{self.token}"
        await self.js.publish(subject, json.dumps(announcement).encode(), headers={"Nats-TTL": "24h"})

    async def beat(self) -> None:
        running = [
            {"jobId": job_id, "type": self.job_type, **attempt.job.run} for job_id, attempt in self.running.items()
        ]
        heartbeat = {
            **self.identity(),
            "protocol": 2,
            "pid": os.getpid(),
            "runtime": f"jobstream-example python/{platform.python_version()}",
            "types": [self.job_type],
            "runningCount": len(running),
            "running": running[:RUNS_LISTED],
        }
        if self.stopping.is_set():
            heartbeat["stopping"] = True
        try:
            await self.nc.publish(f"workers.{self.token}", json.dumps(heartbeat).encode())
        except nats.errors.Error as error:
            log.debug("no heartbeat: %r", error)

    async def next_beat(self) -> None:
        """Waits for the time of the next heartbeat; the first with `stopping` does not wait for it."""
        if self.stopping.is_set():
            await asyncio.sleep(BEAT_EVERY)
            return
        try:
            await asyncio.wait_for(self.stopping.wait(), BEAT_EVERY)
        except TimeoutError:
            pass

    def identity(self) -> dict[str, Any]:
        return {
            "v": 1,
            "worker": self.name,
            "host": socket.gethostname(),
            "startedAt": self.started_at,
            "name": "example-python",
        }

    async def find_consumer(self, stream: str, name: str, subject: str) -> None:
        """Waits for a consumer, which the API creates. A server without users lets the worker create it."""
        if self.settings.is_anonymous:
            await self.make_consumer(stream, name, subject)
        waiting = False
        while not self.stopping.is_set():
            try:
                info = await self.js.consumer_info(stream, name)
                self.ack_wait = min(self.ack_wait, info.config.ack_wait or self.ack_wait)
                return
            except nats.js.errors.NotFoundError:
                if not waiting:
                    log.warning("the consumer %s is missing: waiting until the API has created it", name)
                waiting = True
            except nats.errors.Error as error:
                log.warning("looking for %s: %s", name, error)
            await asyncio.sleep(0.5)

    async def make_consumer(self, stream: str, name: str, subject: str) -> None:
        config = ConsumerConfig(
            name=name,
            durable_name=name,
            ack_wait=self.settings.ack_wait,
            max_ack_pending=50_000 if stream == "TIMERS" else 10_000,
            max_deliver=-1,
            filter_subject=subject,
        )
        await self.js.add_consumer(stream, config)

    async def take(self, stream: str, consumer: str) -> None:
        """Fetches one message at a time, and the next one when it has a slot: what waits here is kept alive."""
        subscription = await self.js.pull_subscribe_bind(durable=consumer, stream=stream)
        while not self.stopping.is_set():
            try:
                [msg] = await subscription.fetch(1, timeout=1)
            except nats.errors.TimeoutError:
                continue
            except nats.errors.Error as error:
                log.warning("fetching from %s: %s", consumer, error)
                await asyncio.sleep(0.5)
                continue
            beat = asyncio.create_task(self.keep_alive(msg))
            await self.slots.acquire()
            task = asyncio.create_task(self.serve(msg, beat))
            self.serving.add(task)
            task.add_done_callback(self.served)
        await subscription.unsubscribe()

    def served(self, task: asyncio.Task[None]) -> None:
        self.serving.discard(task)
        self.slots.release()

    async def keep_alive(self, msg: Msg) -> None:
        while True:
            await asyncio.sleep(self.ack_wait / 3)
            await msg.in_progress()

    async def serve(self, msg: Msg, beat: asyncio.Task[None]) -> None:
        """From the arrival of a message to its answer."""
        try:
            if self.stopping.is_set():
                await msg.nak()
            elif (call := await self.read_call(msg)) is not None:
                await self.answer(call)
        except Exception:
            log.exception("the message will be delivered again: %s", msg.subject)
        finally:
            beat.cancel()

    async def read_call(self, msg: Msg) -> Call | None:
        try:
            if msg.metadata.stream == "TIMERS":
                return await self.read_timer(msg)
            event = decode(msg.subject, msg.data, msg.headers)
            return Call(msg, str(event["jobId"]), event)
        except NewerEvent as error:
            if is_checked(msg.headers or {}, error.args[0]):
                await msg.nak(delay=NEWER_WAIT)
            else:
                await msg.term()
        except NO_EVENT as error:
            log.error("no call for work: %s: %r", msg.subject, error)
            await msg.term()
        return None

    async def read_timer(self, msg: Msg) -> Call | None:
        """None for a timer that was fired early: it waits out the rest of its time in its consumer."""
        wake = json.loads(msg.data)
        if not JOB_ID.fullmatch(wake["jobId"]) or wake["jobType"] != self.job_type:
            raise ValueError("not a wake-up of a job of this type")
        at = datetime.fromisoformat(wake["at"])
        early = at - msg.metadata.timestamp
        if timedelta(0) < early <= MAX_EARLY and at > self.clock.now():
            await msg.nak(delay=min(early, at - self.clock.now()) / timedelta(seconds=1))
            return None
        if early > MAX_EARLY:
            return Call(msg, str(wake["jobId"]), None)
        return Call(msg, str(wake["jobId"]), None, at, early > timedelta(0))

    async def answer(self, call: Call) -> None:
        try:
            attempt = await self.claim(call)
            if attempt is not None:
                await self.run_attempt(attempt)
        except Overtaken:
            log.warning("overtaken: job %s has moved on without this attempt", call.job_id)
            job = await self.read(call.job_id)
            if job is None or job.status != "processing" or call.delivery_that_started(job) is None:
                await call.msg.ack()
            # Otherwise the message is in another worker's hands, and an answer would take it from there.

    async def claim(self, call: Call) -> Attempt | None:
        """Starts an attempt, or answers the call when there is nothing to start."""
        job = await self.state_for(call)
        while True:
            match plan(job, call, self.clock.now()):
                case "start" if job is not None:
                    try:
                        data = {"attempt": job.attempt + 1, "worker": self.name}
                        started = await self.append(call, job, "JobStarted", data)
                        return Attempt(self, call, started, started.sequence)
                    except Overtaken:
                        job = await self.read_fresh(call)
                        continue
                case "give up" if job is not None:
                    error = {"name": "WorkerLost", "message": f"worker {job.worker} stopped answering"}
                    data = {"attempt": job.attempt, "reason": "worker-lost", "error": error}
                    await self.append(call, job, "JobFailed", data)
                    await call.msg.ack()
                case "set timer" if job is not None and job.run_at is not None:
                    await self.set_timer(call, job.run_at)
                    await call.msg.ack()
                case "hand back":
                    await call.msg.nak(delay=self.settings.ack_wait)
                case "leave" if job is not None:
                    await self.leave_to_newer_worker(call, job)
                case _:
                    await call.msg.ack()
            return None

    async def leave_to_newer_worker(self, call: Call, job: Job) -> None:
        """A job that waits is offered by a new timer: a redelivery would look as if it had been left to its timer."""
        log.warning("job %s has events that only newer workers understand", job.id)
        if job.status not in ("scheduled", "retrying"):
            await call.msg.nak(delay=NEWER_WAIT)
            return
        at = self.clock.now() + timedelta(seconds=NEWER_WAIT)
        await self.set_timer(call, max(at, job.run_at or at))
        await call.msg.ack()

    async def state_for(self, call: Call) -> Job | None:
        """The first delivery of a job's first message is the whole history: there is nothing to read."""
        if call.event is not None and call.is_whole_history:
            return Job.first(call.event, call.sequence)
        return await self.read_fresh(call)

    async def run_attempt(self, attempt: Attempt) -> None:
        call, number, started = attempt.call, attempt.number, monotonic()
        self.running[call.job_id] = attempt
        try:
            name, data = await self.run_handler(attempt)
        finally:
            del self.running[call.job_id]
        at = self.clock.now()
        retry_at = at + backoff(attempt.job) if name == "JobRetryScheduled" else None
        if name != "JobReleased":
            data["durationMs"] = round((monotonic() - started) * 1000)
        if retry_at is not None:
            data["retryAt"] = format_time(retry_at)
        await attempt.append(name, data, at)
        if name == "JobReleased" and attempt.job.carried > attempt.began:
            await self.set_timer(call, at)  # the message that is handed back may be gone
        if retry_at is not None:
            await self.set_timer(call, retry_at)
        await (call.msg.nak() if name == "JobReleased" else call.msg.ack())
        log.info("job %s, attempt %d: %s", call.job_id, number, name)

    async def run_handler(self, attempt: Attempt) -> tuple[str, dict[str, Any]]:
        """Runs the handler and tells which event its outcome is; Overtaken if the job has moved on meanwhile."""
        data = attempt.job.created["data"]
        handling = attempt.handling = asyncio.ensure_future(self.handler(data["payload"], attempt))
        if self.closing:
            attempt.abort(SHUTDOWN)
        await asyncio.wait({handling}, timeout=data["timeoutMs"] / 1000)
        attempt.abort(TIMEOUT)  # does nothing to a handler that has ended
        await asyncio.wait({handling}, timeout=0.5)  # one that ignores the abort is left to itself
        if attempt.aborted_for == MOVED_ON:
            raise Overtaken
        if handling.done() and not handling.cancelled():
            return outcome(handling, attempt.job)
        if attempt.aborted_for == TIMEOUT:
            return failure(TimeoutError(f"the attempt took longer than {data['timeoutMs']} ms"), attempt.job)
        return "JobReleased", {"reason": attempt.aborted_for or "the handler was cancelled"}

    async def on_cancel_hint(self, msg: Msg) -> None:
        self.look_up(msg.subject.split(".")[2])

    async def on_reconnected(self) -> None:
        self.clock.measured = None
        for job_id in self.running:
            self.look_up(job_id)

    def look_up(self, job_id: str) -> None:
        task = asyncio.create_task(self.abort_if_cancelled(job_id))
        self.hints.add(task)
        task.add_done_callback(self.hints.discard)

    async def abort_if_cancelled(self, job_id: str) -> None:
        """Reads the job before believing what was heard, more than once: it may be readable only a moment later."""
        for pause in (0, 0.05, 0.2, 0.5, 1):
            await asyncio.sleep(pause)
            attempt = self.running.get(job_id)
            if attempt is None:
                continue
            job = await self.read(job_id)
            mine = ("processing", attempt.number, self.name)
            if job is not None and (job.status, job.attempt, job.worker) != mine:
                return attempt.abort(MOVED_ON)

    async def append(self, call: Call, job: Job, name: str, data: dict[str, Any], at: datetime | None = None) -> Job:
        """Appends one event, also behind what is no event; returns the job after it, or raises Overtaken."""
        event = {
            "v": 1,
            "id": str(uuid.uuid4()),
            "event": name,
            "jobId": job.id,
            "jobType": self.job_type,
            "version": job.version + 1,
            "at": format_time(self.time_of(call, at or self.clock.now())),
            "actor": {"kind": "worker", "id": self.name},
            "causationId": call.cause,
            "data": data,
        }
        if "tenant" in job.created:
            event["tenant"] = job.created["tenant"]
        expected = job.sequence
        for _ in range(APPEND_TRIES):
            try:
                return job.after(event, await self.store(event, expected, call.trace))
            except Overtaken:
                found = await self.read(job.id)
                if found is None or found.sequence <= expected:
                    raise
                if found.version > job.version and found.is_same_attempt(job):  # it was carried
                    job = replace(found, run=job.run)
                    event["version"] = job.version + 1
                elif found.version != job.version:
                    raise
                expected = found.sequence
        raise Overtaken

    @staticmethod
    def time_of(call: Call, at: datetime) -> datetime:
        """An attempt that a timer began is not before the time of the timer, however well the clock is measured."""
        return at if call.fired_for is None else max(at, call.fired_for)

    async def store(self, event: Event, expected: int, trace: dict[str, str]) -> int:
        headers = {
            "Nats-Expected-Last-Subject-Sequence": str(expected),
            "Nats-Expected-Last-Subject-Sequence-Subject": f"jobs.{self.job_type}.{event['jobId']}.>",
            **trace,
        }
        tries = 0

        async def publish() -> int:
            nonlocal tries
            tries += 1
            return (await self.js.publish(subject_of(event), json.dumps(event).encode(), headers=headers)).seq

        try:
            return await until_answered(publish)
        except APIError as error:
            if error.err_code not in CONFLICTS:
                raise
            # After a try whose answer was lost, it may be our own event that is in the way.
            history = await self.history(event["jobId"]) if tries > 1 else []
            for own, sequence in history:
                if own is not None and own["id"] == event["id"]:
                    return sequence
            raise Overtaken from error

    async def set_timer(self, call: Call, at: datetime) -> None:
        wake = {"jobId": call.job_id, "jobType": self.job_type, "at": format_time(at)}
        headers = {
            "Nats-Schedule": f"@at {format_time(at)}",
            "Nats-Schedule-Target": f"timers.due.{self.job_type}",
            **call.trace,
        }
        subject = f"timers.at.{self.job_type}.{call.job_id}"
        await until_answered(lambda: self.js.publish(subject, json.dumps(wake).encode(), headers=headers))

    async def read_fresh(self, call: Call) -> Job | None:
        """The job, at least as new as the call; in a cluster a message may arrive before it can be read."""
        newest = 0 if call.event is None else call.sequence
        for _ in range(40):
            job = await self.read(call.job_id)
            if (job.sequence if job else 0) >= newest:
                return job
            await asyncio.sleep(0.05)
        raise RuntimeError(f"job {call.job_id} cannot be read up to sequence {newest}")

    async def read(self, job_id: str) -> Job | None:
        job: Job | None = None
        for event, sequence in await self.history(job_id):
            if job is None:
                begins = event is not None and event["event"] in ("JobCreated", "JobCarried")
                job = Job.first(event, sequence) if event is not None and begins else None
                continue
            if event is not None and event["event"] == "JobCarried" and event["version"] > job.version + 1:
                job = Job.first(event, sequence)  # the log has lost events before it
                continue
            try:
                follows = event is not None and event["version"] == job.version + 1
                job = job.after(event, sequence) if follows else replace(job, sequence=sequence)
            except NO_EVENT:
                job = replace(job, sequence=sequence)
        return job

    async def history(self, job_id: str) -> list[tuple[Event | None, int]]:
        """A job's messages, oldest first; None for what is no event: it counts for nothing, but appends go behind it."""
        messages: list[Stored] = []
        wanted: int | None = None
        while wanted != 0:
            message = await self.stored(job_id, wanted)
            if message is None and wanted is None:
                return []
            if message is None or not message.is_linked:
                return await self.history_by_subject(job_id)
            messages.append(message)
            carried = message.event is not None and message.event["event"] == "JobCarried"
            wanted = 0 if carried else message.previous
        return [(message.event, message.sequence) for message in reversed(messages)]

    async def history_by_subject(self, job_id: str) -> list[tuple[Event | None, int]]:
        """As `history`, where somebody who does not keep to the protocol has broken the links between the messages."""
        last = await self.stored(job_id)
        events: list[tuple[Event | None, int]] = []
        sequence = 0
        while last is not None and sequence < last.sequence:
            message = await self.stored(job_id, sequence + 1, following=True)
            if message is None:
                break
            sequence = message.sequence
            events.append((message.event, sequence))
        return events

    async def stored(self, job_id: str, sequence: int | None = None, *, following: bool = False) -> Stored | None:
        """The message with this sequence, or the job's first from there on, or its last; None if there is none."""
        subject = f"jobs.{self.job_type}.{job_id}.>"
        named = subject if following or sequence is None else None
        try:
            msg = await until_answered(partial(self.js.get_msg, "JOBS", sequence, named, next=following))
        except NotFoundError:
            return None
        event: Event | None = None
        newer: Event | None = None
        try:
            event = decode(msg.subject or "", msg.data or b"", msg.headers)
        except NewerEvent as error:
            newer = error.args[0]
        except NO_EVENT:
            pass
        headers = msg.headers or {}
        expected = str(headers.get("Nats-Expected-Last-Subject-Sequence", ""))
        previous = int(expected) if expected.isdecimal() else None
        checked = headers.get("Nats-Expected-Last-Subject-Sequence-Subject") == subject
        own = (msg.subject or "").startswith(subject.removesuffix(">"))
        first = event is not None and event["event"] == "JobCreated"
        linked = own and (first or (checked and bool(previous)))
        if newer is not None and is_checked(headers, newer):
            event, linked = newer, True
        return Stored(event, msg.seq or 0, previous, linked)


async def until_answered(ask: Callable[[], Awaitable[Result]]) -> Result:
    """Repeats what the server does not answer; what it refuses is raised."""
    while True:
        try:
            return await ask()
        except nats.errors.Error as error:
            if isinstance(error, MaxPayloadError) or (isinstance(error, APIError) and error.code != 503):
                raise
            log.warning("the server does not answer: %r", error)
            await asyncio.sleep(0.25)


def is_first(headers: dict[str, str], job_type: str, job_id: str) -> bool:
    """Whether the server has stored a JobCreated only because the job had none."""
    compared = headers.get("Nats-Expected-Last-Subject-Sequence-Subject")
    filters = (None, f"jobs.*.{job_id}.>", f"jobs.{job_type}.{job_id}.>")
    return headers.get("Nats-Expected-Last-Subject-Sequence") == "0" and compared in filters


def is_checked(headers: dict[str, str], newer: Event) -> bool:
    """Whether the server has stored an event of a newer release only because it follows the job's last message."""
    job_type, job_id = newer["jobType"], newer["jobId"]
    if newer["name"] == "JobCreated":
        return is_first(headers, job_type, job_id)
    expected = str(headers.get("Nats-Expected-Last-Subject-Sequence", ""))
    compared = headers.get("Nats-Expected-Last-Subject-Sequence-Subject")
    return expected.isdecimal() and int(expected) > 0 and compared == f"jobs.{job_type}.{job_id}.>"


def subject_of(event: Event) -> str:
    token = SUFFIXES.get(event["event"], event["event"].removeprefix("Job").lower())
    return f"jobs.{event['jobType']}.{event['jobId']}.{token}"


def decode(subject: str, data: bytes, headers: dict[str, str] | None) -> Event:
    """Raises NewerEvent, or one of several errors if it is no event, the event of another subject, or a copied JobCreated."""
    event: Event = json.loads(data)
    if event["v"] > 1 or event["event"] not in EVENTS:
        raise NewerEvent(newer_event(event, subject))
    if subject_of(event) != subject or not event["id"] or not isinstance(event["data"], dict):
        raise ValueError("not an event, or on the subject of another")
    if event["event"] == "JobCreated" and not is_first(headers or {}, event["jobType"], event["jobId"]):
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


def outcome(handling: asyncio.Future[Any], job: Job) -> tuple[str, dict[str, Any]]:
    error = handling.exception() or reason_not_to_keep(handling.result())
    if error is not None:
        return failure(error, job)
    result = handling.result()
    return "JobCompleted", {} if result is None else {"result": result}


def reason_not_to_keep(result: Any) -> Unrecoverable | None:
    """The work is done, so another attempt would not help."""
    try:
        size = len(json.dumps(result, allow_nan=False))
    except (TypeError, ValueError) as error:
        return Unrecoverable(f"the result is not JSON: {error}")
    return Unrecoverable(f"the result has {size} bytes of JSON") if size > LARGEST_RESULT else None


def failure(error: BaseException, job: Job) -> tuple[str, dict[str, Any]]:
    if isinstance(error, Overtaken):
        raise error
    stack = "".join(traceback.format_exception(error))[-4096:]
    data = {"error": {"name": type(error).__name__, "message": str(error)[:2048], "stack": stack}}
    if isinstance(error, InvalidPayload):
        return "JobFailed", {**data, "reason": "invalid-payload"}
    if isinstance(error, Unrecoverable):
        return "JobFailed", {**data, "reason": "unrecoverable"}
    if job.is_last_attempt:
        return "JobFailed", {**data, "reason": "attempts-exhausted"}
    return "JobRetryScheduled", data


def backoff(job: Job) -> timedelta:
    """How long the job waits after its failed attempt: docs/job-lifecycle.md."""
    rule = job.created["data"]["backoff"]
    delay = float(rule["delayMs"])
    if rule["type"] == "exponential":
        delay = min(delay * 2 ** min(job.attempt - 1, 64), rule["maxDelayMs"])
        delay *= 1 - rule["jitter"] * random.random()
    return timedelta(milliseconds=round(delay))


def format_time(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


async def conformance(payload: Any, attempt: Attempt) -> Any:
    """The test job of the conformance kit. Your own handlers look like this one."""
    match payload:
        case {"do": "succeed"}:
            return payload.get("result")
        case {"do": "fail", "times": int(times)}:
            if attempt.number <= times:
                raise RuntimeError(f"told to fail, attempt {attempt.number} of {times}")
            return {"attempt": attempt.number}
        case {"do": "reject"}:
            raise Unrecoverable("told to reject")
        case {"do": "sleep", "ms": int(ms)}:
            await asyncio.sleep(ms / 1000)
            return {"sleptMs": ms}
        case {"do": "progress", "steps": int(steps)}:
            for step in range(1, steps + 1):
                await attempt.progress(step * 100 / steps)
            return None
    raise InvalidPayload("payload: expected one of the things that docs/worker-protocol.md lists")


HANDLERS: dict[str, Handler] = {"conformance": conformance}

PAYLOAD_SCHEMAS: dict[str, Any] = {
    "conformance": {
        "type": "object",
        "required": ["do"],
        "properties": {
            "do": {"enum": ["succeed", "fail", "reject", "sleep", "progress"]},
            "times": {"type": "integer"},
            "ms": {"type": "integer"},
            "steps": {"type": "integer"},
        },
        "allOf": [
            {"if": {"properties": {"do": {"const": do}}}, "then": {"required": [name]}}
            for do, name in (("fail", "times"), ("sleep", "ms"), ("progress", "steps"))
        ],
    }
}
"""JSON Schemas of the payloads that may be sent. The API checks payloads against them; a type may have none."""


@dataclass(frozen=True)
class Settings:
    """From the environment; waits in seconds."""

    url: str = os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
    user: str | None = os.environ.get("NATS_USER")
    password: str | None = os.environ.get("NATS_PASSWORD")
    types: str = os.environ.get("WORKER_TYPES", "conformance")
    concurrency: int = int(os.environ.get("WORKER_CONCURRENCY", "10"))
    ack_wait: float = int(os.environ.get("ACK_WAIT_MS", "10000")) / 1000
    grace: float = int(os.environ.get("SHUTDOWN_GRACE_MS", "10000")) / 1000

    @property
    def is_anonymous(self) -> bool:
        """Whether there is neither a user nor one in the address, as for a server that is open to all."""
        return not self.user and "@" not in self.url


async def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = Settings()
    workers: list[Worker] = []

    async def on_reconnected() -> None:
        await asyncio.gather(*(worker.on_reconnected() for worker in workers))

    def stop() -> None:
        for worker in workers:
            worker.stopping.set()

    nc = await nats.connect(
        settings.url,
        user=settings.user,
        password=settings.password,
        inbox_prefix="_INBOX_worker",  # the only inbox on which a worker may hear answers
        max_reconnect_attempts=-1,
        reconnected_cb=on_reconnected,
    )
    version = nc.connected_server_version
    if (version.major, version.minor, version.patch) < OLDEST_SERVER:
        raise SystemExit("nats-server 2.14.4 or newer is needed: an older one ignores what keeps the log valid")
    workers += [Worker(nc, kind, HANDLERS[kind], settings) for kind in settings.types.split(",")]
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop)
    await asyncio.gather(*(worker.run() for worker in workers))
    await nc.drain()


if __name__ == "__main__":
    asyncio.run(main())
