"""The consumers of a job type, which the API creates and a worker waits for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import nats.errors
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from ..protocol.events import LANES
from .session import Session

log = logging.getLogger("jobstream")

LOOK_EVERY = 0.5
# A first worker of a type always waits a moment: only what lasts is worth a warning.
WARN_AFTER_LOOKS = 20
LOOK_FOR_LANES_EVERY = 60


@dataclass(frozen=True)
class Consumer:
    """A durable pull consumer with one filter."""

    stream: str
    name: str
    subject: str
    priority: str | None = None
    """Of the jobs that it delivers: `high` or `low`, None for normal."""

    @property
    def max_ack_pending(self) -> int:
        return 50_000 if self.stream == "TIMERS" else 10_000


def consumers_of(job_type: str) -> tuple[Consumer, ...]:
    return (
        Consumer("JOBS", f"worker-{job_type}", f"jobs.{job_type}.*.created"),
        Consumer("JOBS", f"requeued-{job_type}", f"jobs.{job_type}.*.requeued"),
        Consumer("TIMERS", f"due-{job_type}", f"timers.due.{job_type}"),
    )


def consumers_of_lane(job_type: str, lane: str) -> tuple[Consumer, ...]:
    return (
        Consumer("JOBS", f"{lane}-{job_type}", f"jobs.{job_type}.*.{lane}", lane),
        Consumer("TIMERS", f"{lane}-{job_type}", f"timers.{lane}.{job_type}", lane),
    )


SIGNALS = "signals"


def late_consumers(job_type: str) -> dict[str, tuple[Consumer, ...]]:
    """Those that exist only from the first job of a priority on, or from the first signal."""
    signals = Consumer("JOBS", f"calls-{job_type}", f"jobs.{job_type}.*.signalled")
    return {**{lane: consumers_of_lane(job_type, lane) for lane in LANES}, SIGNALS: (signals,)}


class LaneWatch:
    """Finds the consumers of a job type that exist from the first job of another priority than normal on, or from the first signal.

    The server tells of a new consumer. That can be lost, so it looks again after each reconnect, and each minute.
    """

    def __init__(self, session: Session, job_type: str, on_found: Callable[[Consumer, float], None]) -> None:
        """`on_found` is called once for each consumer, with its `ack_wait` in seconds."""
        self.session, self.on_found = session, on_found
        self.missing = late_consumers(job_type)
        self.news = asyncio.Event()

    async def run(self) -> None:
        """Looks until all are found or the worker stops."""
        consumers = [consumer for lane in self.missing.values() for consumer in lane]
        advisories = [f"$JS.EVENT.ADVISORY.CONSUMER.CREATED.{one.stream}.{one.name}" for one in consumers]
        hints = [await self.session.nc.subscribe(subject, cb=self._on_created) for subject in advisories]
        while self.missing and not self.session.stopping.is_set():
            self.news.clear()
            await self._look()
            await self._next_look()
        for hint in hints:
            await hint.unsubscribe()

    def look_again(self) -> None:
        """For when a consumer may have been created."""
        self.news.set()

    async def _on_created(self, _: Msg) -> None:
        self.look_again()

    async def _next_look(self) -> None:
        waits = {asyncio.create_task(event.wait()) for event in (self.news, self.session.stopping)}
        await asyncio.wait(waits, timeout=LOOK_FOR_LANES_EVERY, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _look(self) -> None:
        for lane, consumers in list(self.missing.items()):
            try:
                waits = [await ack_wait_of(self.session, consumer) for consumer in consumers]
            except NotFoundError:
                continue
            except nats.errors.Error as error:
                log.warning("looking for the consumers of the lane %s: %r", lane, error)
                continue
            del self.missing[lane]
            for consumer, ack_wait in zip(consumers, waits, strict=True):
                self.on_found(consumer, ack_wait)


async def ack_wait_of(session: Session, consumer: Consumer) -> float:
    """The `ack_wait` of a consumer, in seconds. Raises NotFoundError when there is no such consumer."""
    info = await session.js.consumer_info(consumer.stream, consumer.name)
    return info.config.ack_wait or session.settings.ack_wait


async def find_consumer(session: Session, consumer: Consumer) -> float:
    """Waits for a consumer, and returns its `ack_wait` in seconds. A server without users lets the worker create it."""
    if session.settings.is_anonymous:
        await _create_consumer(session, consumer)
    looks = 0
    while not session.stopping.is_set():
        try:
            return await ack_wait_of(session, consumer)
        except NotFoundError:
            looks += 1
            if looks == 2:
                log.info("waiting until the API has created the consumer %s", consumer.name)
            elif looks == WARN_AFTER_LOOKS:
                log.warning("the consumer %s is missing: still waiting until the API has created it", consumer.name)
        except nats.errors.Error as error:
            log.warning("looking for %s: %r", consumer.name, error)
        await asyncio.sleep(LOOK_EVERY)
    return session.settings.ack_wait


async def _create_consumer(session: Session, consumer: Consumer) -> None:
    config = ConsumerConfig(
        name=consumer.name,
        durable_name=consumer.name,
        ack_wait=session.settings.ack_wait,
        max_ack_pending=consumer.max_ack_pending,
        max_deliver=-1,
        filter_subject=consumer.subject,
    )
    await session.js.add_consumer(consumer.stream, config)
