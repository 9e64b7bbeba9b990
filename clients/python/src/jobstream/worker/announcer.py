"""Reporting to the API which job types a worker runs, and that it lives."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import socket
from collections.abc import Sequence
from importlib.metadata import version
from time import monotonic
from typing import Any

import nats.errors

from ..protocol.events import format_time, to_json
from .job_runner import JobRunner
from .session import Session

log = logging.getLogger("jobstream")

PROTOCOL_VERSION = 8
BEAT_EVERY, ANNOUNCE_EVERY, RUNS_LISTED = 4, 3600, 100


class Announcer:
    """Announces the job types of a worker, and sends heartbeats. These are hints: the worker works on when they fail."""

    def __init__(self, session: Session, runners: Sequence[JobRunner]) -> None:
        self.session, self.runners = session, runners
        self.started_at = format_time(session.clock.now())
        self._announced: float | None = None
        self._failing = False

    async def run(self) -> None:
        """Reports until it is cancelled."""
        while True:
            await self._announce()
            await self.beat()
            await self.session.clock.keep()
            await self._next_beat()

    def announce_again(self) -> None:
        """For when the connection is back: another server may answer now."""
        self._announced = None

    async def _announce(self) -> None:
        """What fails is left to the next heartbeat; the first failure of several is logged."""
        if self._announced is not None and monotonic() - self._announced < ANNOUNCE_EVERY:
            return
        try:
            for runner in self.runners:
                await self.announce_type(runner)
            self._announced, self._failing = monotonic(), False
        except nats.errors.Error as error:
            level = logging.DEBUG if self._failing else logging.WARNING
            log.log(level, "announcing failed: the API may not know this worker: %r", error)
            self._failing = True

    async def announce_end(self) -> None:
        """Says that the worker has ended in order; one that ends without that is taken for lost."""
        try:
            for runner in self.runners:
                await self.announce_type(runner, stopped_at=format_time(self.session.clock.now()))
        except nats.errors.Error as error:
            log.debug("the end of this worker was not announced: %r", error)

    async def announce_type(self, runner: JobRunner, stopped_at: str | None = None) -> None:
        job_type = runner.job_type
        announcement = {
            **self._identity(),
            "type": job_type.name,
            "limits": {"concurrency": job_type.concurrency},
            "ackWaitMs": round(self.session.settings.ack_wait * 1000),
        }
        if job_type.payload_schema is not None:
            announcement["payloadSchema"] = job_type.payload_schema
        if job_type.result_schema is not None:
            announcement["resultSchema"] = job_type.result_schema
        if job_type.defaults is not None:
            announcement["defaults"] = job_type.defaults
        if job_type.signals:
            announcement["signals"] = job_type.signal_schemas
        if stopped_at is not None:
            announcement["stoppedAt"] = stopped_at
        subject = f"types.{job_type.name}.{self.session.token}"
        await self.session.js.publish(subject, to_json(announcement), headers={"Nats-TTL": "24h"})

    async def beat(self) -> None:
        running = [
            {"jobId": job_id, "type": runner.job_type.name, **attempt.job.run}
            for runner in self.runners
            for job_id, attempt in runner.running.items()
        ]
        running.sort(key=lambda run: str(run["startedAt"]))
        heartbeat = {
            **self._identity(),
            "protocol": PROTOCOL_VERSION,
            "pid": os.getpid(),
            "runtime": f"jobstream-python/{version('jobstream')} python/{platform.python_version()}",
            "types": [runner.job_type.name for runner in self.runners],
            "runningCount": len(running),
            "running": running[:RUNS_LISTED],
        }
        if self.session.stopping.is_set():
            heartbeat["stopping"] = True
        try:
            await self.session.nc.publish(f"workers.{self.session.token}", to_json(heartbeat))
        except nats.errors.Error as error:
            log.debug("no heartbeat: %r", error)

    async def _next_beat(self) -> None:
        """Waits for the time of the next heartbeat; the first with `stopping` does not wait for it."""
        if self.session.stopping.is_set():
            await asyncio.sleep(BEAT_EVERY)
            return
        try:
            await asyncio.wait_for(self.session.stopping.wait(), BEAT_EVERY)
        except TimeoutError:
            pass

    def _identity(self) -> dict[str, Any]:
        settings = self.session.settings
        identity = {
            "v": 1,
            "worker": self.session.worker,
            "host": socket.gethostname(),
            "startedAt": self.started_at,
            "name": settings.name,
        }
        return identity if settings.version is None else {**identity, "version": settings.version}
