"""What all parts of a running worker share."""

from __future__ import annotations

import asyncio
import os
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from ..protocol.server_clock import ServerClock
from .settings import Settings

OLDEST_SERVER = (2, 14, 4)


@dataclass(frozen=True)
class Session:
    """One run of a worker: its connection, its name, and whether it is to end."""

    nc: Client
    js: JetStreamContext
    clock: ServerClock
    settings: Settings
    worker: str
    """A name that is unique to this start of the worker."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def token(self) -> str:
        """The worker's name in subjects."""
        return re.sub(r"[^A-Za-z0-9_-]", "-", self.worker)


async def open_session(settings: Settings, options: dict[str, Any]) -> Session:
    """Connects and measures the server's clock. Raises RuntimeError when the server is too old."""
    nc = await nats.connect(
        list(settings.servers),
        **{
            "user": settings.user,
            "password": settings.password,
            "user_credentials": settings.credentials,
            "name": settings.name,
            "inbox_prefix": "_INBOX_worker",  # the only inbox on which a worker may hear answers
            "max_reconnect_attempts": -1,
            **options,
        },
    )
    version = nc.connected_server_version
    if (version.major, version.minor, version.patch) < OLDEST_SERVER:
        await nc.close()
        raise RuntimeError("nats-server 2.14.4 or newer is needed: an older one ignores what keeps the log valid")
    clock = ServerClock(nc)
    await clock.measure()
    return Session(nc, nc.jetstream(), clock, settings, f"{settings.name}-{os.getpid()}-{uuid.uuid4().hex[:6]}")
