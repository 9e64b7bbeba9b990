"""The clock of the server."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from time import monotonic, time

import nats.errors
from nats.aio.client import Client

log = logging.getLogger("jobstream")

MEASURE_EVERY, CLOCK_SET = 60, 0.25
DRIFT = 0.001
"""By how much, at most, one of two clocks is faster."""


class ServerClock:
    """The clock of the server, which alone decides what is due; in monotonic time between two measurements."""

    def __init__(self, nc: Client) -> None:
        self.nc = nc
        self.epoch = time() - monotonic()
        self.error = 0.0
        """By how much it may be wrong when it is measured: half the round trip."""
        self.measured: float | None = None
        """When it was measured, in monotonic time; None: it has to be."""
        self.wall = 0.0

    def now(self) -> datetime:
        return instant_of(self.epoch + monotonic())

    def reached(self) -> datetime:
        """An instant that the server's clock has reached for certain, for what must not happen early."""
        at = monotonic()
        since = 0.0 if self.measured is None else at - self.measured
        return instant_of(self.epoch + at - self.error - since * DRIFT)

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
                self.error = fastest / 2
        self.measured, self.wall = monotonic(), time() - monotonic()

    async def keep(self) -> None:
        """Measures again when it is time to, or when the clock of this machine was set or the machine slept."""
        was_set = abs(time() - monotonic() - self.wall) > CLOCK_SET
        if was_set or self.measured is None or monotonic() - self.measured >= MEASURE_EVERY:
            try:
                await self.measure()
            except (nats.errors.Error, LookupError, ValueError) as error:
                log.warning("the clock of the server is not measured: %r", error)


def instant_of(seconds: float) -> datetime:
    """The time so many seconds after 1970, in whole milliseconds."""
    instant = datetime.fromtimestamp(seconds, UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
