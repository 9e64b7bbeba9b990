"""What becomes of the message of an attempt without which the job has moved on, without a server."""

from __future__ import annotations

import asyncio
import unittest
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

from nats.errors import ConnectionClosedError

from jobstream.protocol.appender import OvertakenError
from jobstream.worker.claim import Claims
from jobstream.worker.job_runner import JobRunner

from .test_job import CREATED, NOW, STARTED, call, event
from .test_signals import state


class Overtaken(unittest.IsolatedAsyncioTestCase):
    async def serve(self, set_timer: AsyncMock) -> Any:
        """The message of a job that has been left to its timer meanwhile, after a worker has served it."""
        waiting = state(STARTED, event("JobRetryScheduled", 3, attempt=1, retryAt=NOW.isoformat()))
        log: Any = SimpleNamespace(job_type="email", read=AsyncMock(return_value=waiting))
        clock = SimpleNamespace(now=lambda: NOW)
        claims = Claims(MagicMock(log=log, clock=clock, set_timer=set_timer), 10)
        message: Any = call(CREATED)
        message.msg.subject, message.msg.ack = "jobs.email", AsyncMock()
        runner: Any = JobRunner.__new__(JobRunner)
        runner.session = SimpleNamespace(stopping=asyncio.Event())
        overtaken = AsyncMock(side_effect=OvertakenError)
        runner.claims = MagicMock(settle_overtaken=claims.settle_overtaken, claim=overtaken, read_call=AsyncMock(return_value=message))
        alive = asyncio.create_task(asyncio.Event().wait())
        await runner._serve(message.msg, alive)
        return message.msg.ack

    async def test_its_message_is_acknowledged_once_the_timer_of_the_job_is_set(self) -> None:
        set_timer = AsyncMock()
        (await self.serve(set_timer)).assert_awaited_once()
        set_timer.assert_awaited_once()

    async def test_its_message_is_left_where_the_worker_closes_before_the_timer_could_be_set(self) -> None:
        with self.assertLogs("jobstream", "ERROR"):
            ack = await self.serve(AsyncMock(side_effect=ConnectionClosedError))
        ack.assert_not_awaited()
