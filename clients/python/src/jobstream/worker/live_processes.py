"""Which processes live, and whether all of them understand steps and waits of jobs."""

from __future__ import annotations

import asyncio
import json
from time import monotonic

import nats.errors
from nats.aio.client import Client

from ..protocol.events import NO_EVENT
from ..protocol.pages import read_all

STEPS_PROTOCOL = 6
"""The version of the protocol that steps are part of."""
WAITS_PROTOCOL = 7
"""The one since which attempts may wait without a worker."""
SIGNALS_PROTOCOL = 8
"""The one since which they may wait for signals."""
FRESH = 2
"""For so many seconds it is believed what was read."""
MOST_NAMED = 3


class LiveProcesses:
    """Reads the heartbeats of API, workers and projectors, when somebody asks."""

    def __init__(self, nc: Client) -> None:
        self.nc = nc
        self._reading = asyncio.Lock()
        self._read_at: float | None = None
        self._known: list[tuple[str, int]] | str = []

    async def why_not(self, protocol: int) -> str | None:
        """Says why not all processes are known to keep to this version of the protocol; None if they do. Never raises."""
        async with self._reading:
            if self._read_at is None or monotonic() - self._read_at > FRESH:
                self._known = await self._look()
                self._read_at = monotonic()
            return self._known if isinstance(self._known, str) else why_older(self._known, protocol)

    async def _look(self) -> list[tuple[str, int]] | str:
        try:
            messages = await read_all(self.nc, "WORKERS", "workers.>")
        except nats.errors.Error as error:
            return f"it is not known which processes live: {error!r}"
        return [beat for msg in messages if (beat := protocol_in(msg.data or b"")) is not None]


def why_older(known: list[tuple[str, int]], protocol: int) -> str | None:
    """Names the processes that keep to an earlier version of the protocol; None if there are others only."""
    if not known:
        return "it is not known yet which processes live"
    older = [worker for worker, version in known if version < protocol]
    if not older:
        return None
    more = f" and {len(older) - MOST_NAMED} more" if len(older) > MOST_NAMED else ""
    return f"processes of an earlier release live, {', '.join(older[:MOST_NAMED])}{more}"


def protocol_in(heartbeat: bytes) -> tuple[str, int] | None:
    """The name of a process, and the version of the protocol that it keeps to; None of what is no heartbeat."""
    try:
        beat = json.loads(heartbeat)
        return str(beat["worker"]), int(beat.get("protocol", 1))
    except NO_EVENT:
        return None
