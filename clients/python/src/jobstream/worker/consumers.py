"""The consumers of a job type, which the API creates and a worker waits for."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import nats.errors
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from .session import Session

log = logging.getLogger("jobstream")

LOOK_EVERY = 0.5
# A first worker of a type always waits a moment: only what lasts is worth a warning.
WARN_AFTER_LOOKS = 20


@dataclass(frozen=True)
class Consumer:
    """A durable pull consumer with one filter."""

    stream: str
    name: str
    subject: str

    @property
    def max_ack_pending(self) -> int:
        return 50_000 if self.stream == "TIMERS" else 10_000


def consumers_of(job_type: str) -> tuple[Consumer, ...]:
    return (
        Consumer("JOBS", f"worker-{job_type}", f"jobs.{job_type}.*.created"),
        Consumer("JOBS", f"requeued-{job_type}", f"jobs.{job_type}.*.requeued"),
        Consumer("TIMERS", f"due-{job_type}", f"timers.due.{job_type}"),
    )


async def find_consumer(session: Session, consumer: Consumer) -> float:
    """Waits for a consumer, and returns its `ack_wait` in seconds. A server without users lets the worker create it."""
    if session.settings.is_anonymous:
        await _create_consumer(session, consumer)
    looks = 0
    while not session.stopping.is_set():
        try:
            info = await session.js.consumer_info(consumer.stream, consumer.name)
            return info.config.ack_wait or session.settings.ack_wait
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
