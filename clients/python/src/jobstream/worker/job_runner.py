"""Running the jobs of one type: taking calls for work, a slot for each, and watching for cancellations."""

from __future__ import annotations

import asyncio
import logging

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from ..protocol.appender import Appender, OvertakenError
from ..protocol.call import Call
from ..protocol.job_log import JobLog
from .attempt import MOVED_ON, SHUTDOWN, Attempt
from .claim import Claims
from .consumers import Consumer, LaneWatch, consumers_of, find_consumer
from .job_type import JobType
from .session import Session
from .slots import Slots

log = logging.getLogger("jobstream")

FETCH_PAUSE = 0.5
LOOK_UP_PAUSES = (0, 0.05, 0.2, 0.5, 1)


class JobRunner:
    """Runs the jobs of one type."""

    def __init__(self, session: Session, job_type: JobType) -> None:
        self.session, self.job_type = session, job_type
        self.log = JobLog(session.nc, session.js, job_type.name)
        self.appender = Appender(session.js, self.log, session.clock, session.worker)
        self.claims = Claims(self.appender, session.settings.ack_wait, session.settings.version)
        self.ack_wait = session.settings.ack_wait
        self.slots = Slots(job_type.concurrency)
        self.lanes = LaneWatch(session, job_type.name, self._take_from)
        self.taking: set[asyncio.Task[None]] = set()
        self.serving: set[asyncio.Task[None]] = set()
        self.running: dict[str, Attempt] = {}
        self.hints: set[asyncio.Task[None]] = set()
        self.closing = False

    async def run(self) -> None:
        """Takes calls for work until the worker stops, gives running attempts time to end, and releases them."""
        consumers = consumers_of(self.job_type.name)
        for consumer in consumers:
            self.ack_wait = min(self.ack_wait, await find_consumer(self.session, consumer))
        hints = await self.session.nc.subscribe(f"jobs.{self.job_type.name}.*.cancelled", cb=self._on_cancel_hint)
        if not self.session.stopping.is_set():
            log.info("ready: %s takes %s jobs", self.session.worker, self.job_type.name)
        for consumer in consumers:
            self._take_from(consumer, self.ack_wait)
        await asyncio.gather(self.lanes.run(), *self.taking)
        await asyncio.gather(*self.taking)  # those that were found meanwhile, too
        await self._drain()
        await hints.unsubscribe()

    async def _drain(self) -> None:
        if self.serving:
            await asyncio.wait(self.serving, timeout=self.session.settings.shutdown_grace)
        self.closing = True
        for attempt in self.running.values():
            attempt.abort(SHUTDOWN)
        if self.serving:
            await asyncio.wait(self.serving)

    def _take_from(self, consumer: Consumer, ack_wait: float) -> None:
        self.ack_wait = min(self.ack_wait, ack_wait)
        self.taking.add(asyncio.create_task(self._take(consumer)))

    async def _take(self, consumer: Consumer) -> None:
        """Fetches one message at a time, and the next one when it has a slot: what waits here is kept alive."""
        subscription: JetStreamContext.PullSubscription | None = None
        while not self.session.stopping.is_set():
            try:
                subscription = subscription or await self.session.js.pull_subscribe_bind(
                    durable=consumer.name, stream=consumer.stream
                )
                [msg] = await subscription.fetch(1, timeout=1)
            except nats.errors.TimeoutError:
                continue
            except Exception as error:
                log.warning("fetching from %s: %r", consumer.name, error)
                await asyncio.sleep(FETCH_PAUSE)
                continue
            await self._start_serving(msg, consumer)
        if subscription is not None:
            await subscription.unsubscribe()

    async def _start_serving(self, msg: Msg, consumer: Consumer) -> None:
        alive = asyncio.create_task(self._keep_alive(msg))
        await self.slots.acquire(consumer.priority, f"{consumer.stream} {consumer.name}", msg.metadata.num_pending)
        task = asyncio.create_task(self._serve(msg, alive))
        self.serving.add(task)
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self.serving.discard(task)
        self.slots.release()

    async def _keep_alive(self, msg: Msg) -> None:
        while True:
            await asyncio.sleep(self.ack_wait / 3)
            await msg.in_progress()

    async def _serve(self, msg: Msg, alive: asyncio.Task[None]) -> None:
        """From the arrival of a message to its settlement."""
        try:
            if self.session.stopping.is_set():
                await msg.nak()
            elif (call := await self.claims.read_call(msg)) is not None:
                await self._process(call)
        except Exception:
            log.exception("the message will be delivered again: %s", msg.subject)
        finally:
            alive.cancel()

    async def _process(self, call: Call) -> None:
        try:
            attempt = await self.claims.claim(call)
            if attempt is not None:
                await self._run(attempt)
        except OvertakenError:
            log.warning("overtaken: job %s has moved on without this attempt", call.job_id)
            await self.claims.settle_overtaken(call)

    async def _run(self, attempt: Attempt) -> None:
        job_id = attempt.call.job_id
        self.running[job_id] = attempt
        if self.closing:
            attempt.abort(SHUTDOWN)
        try:
            await attempt.run(self.job_type, self.session.live, self.session.settings)
        finally:
            if self.running.get(job_id) is attempt:
                del self.running[job_id]

    async def _on_cancel_hint(self, msg: Msg) -> None:
        self._look_up(msg.subject.split(".")[2])

    def look_at_all(self) -> None:
        """For when the connection is back: a cancellation, or the first job of a priority, may have been missed."""
        self.lanes.look_again()
        for job_id in self.running:
            self._look_up(job_id)

    def _look_up(self, job_id: str) -> None:
        task = asyncio.create_task(self._abort_if_moved_on(job_id))
        self.hints.add(task)
        task.add_done_callback(self.hints.discard)

    async def _abort_if_moved_on(self, job_id: str) -> None:
        """Reads the job before believing a hint, more than once: the event may be readable only a moment later."""
        for pause in LOOK_UP_PAUSES:
            await asyncio.sleep(pause)
            attempt = self.running.get(job_id)
            if attempt is None:
                continue
            job = await self.log.read(job_id)
            mine = ("processing", attempt.number, self.session.worker)
            if job is not None and (job.status, job.attempt, job.worker) != mine:
                return attempt.abort(MOVED_ON)
