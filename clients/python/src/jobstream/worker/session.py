"""What all parts of a running worker share."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from ..protocol.server_clock import ServerClock
from ..unreachable import why_unreachable
from .live_processes import LiveProcesses
from .settings import Settings

log = logging.getLogger("jobstream")

OLDEST_SERVER = (2, 14, 4)


@dataclass(frozen=True)
class Session:
    """One run of a worker: its connection, its name, and whether it is to end."""

    nc: Client
    js: JetStreamContext
    clock: ServerClock
    settings: Settings
    live: LiveProcesses
    worker: str
    """A name that is unique to this start of the worker."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def token(self) -> str:
        """The worker's name in subjects."""
        return re.sub(r"[^A-Za-z0-9_-]", "-", self.worker)


async def open_session(settings: Settings, options: dict[str, Any]) -> Session:
    """Connects and measures the server's clock.

    Raises ConnectionError with a sentence for operators when no server can be reached, RuntimeError when it is too old.
    """
    nc = await _connect(settings, options)
    version = nc.connected_server_version
    if (version.major, version.minor, version.patch) < OLDEST_SERVER:
        await nc.close()
        raise RuntimeError("nats-server 2.14.4 or newer is needed: an older one ignores what keeps the log valid")
    clock = ServerClock(nc)
    await clock.measure()
    name = f"{settings.name}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    return Session(nc, nc.jetstream(), clock, settings, LiveProcesses(nc), name)


async def _connect(settings: Settings, options: dict[str, Any]) -> Client:
    """Tries each server once: nats-py itself would try for ever, and log a traceback each time."""
    first_failure: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
    failures = 0

    async def on_error(error: Exception) -> None:
        nonlocal failures
        failures += 1
        if not connecting.done() and failures >= len(settings.servers) and not first_failure.done():
            first_failure.set_result(error)
        elif connecting.done():
            log.warning("the connection to NATS has failed: %s", error)
            log.debug("the error of the connection", exc_info=error)

    nc = Client()
    given = {
        "user": settings.user,
        "password": settings.password,
        "user_credentials": settings.credentials,
        "name": settings.name,
        "inbox_prefix": "_INBOX_worker",  # the only inbox on which a worker may hear answers
        "max_reconnect_attempts": -1,
        "error_cb": on_error,
        **options,
    }
    connecting = asyncio.create_task(nc.connect(list(settings.servers), **given))
    either: set[asyncio.Future[Any]] = {connecting, first_failure}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if first_failure.done():
        connecting.cancel()
        await asyncio.wait({connecting})
        await nc.close()
        raise ConnectionError(_sentence(first_failure.result(), settings)) from first_failure.result()
    try:
        await connecting
    except (OSError, NatsError) as error:
        raise ConnectionError(_sentence(error, settings)) from error
    return nc


def _sentence(error: Exception, settings: Settings) -> str:
    """Which server, why, and what to do; without passwords."""
    nats = "NATS at " + ",".join(re.sub(r"(^|//)[^/@]*@", r"\1", server) for server in settings.servers)
    if "authorization" in str(error).lower():
        remedy = "Correct NATS_USER and NATS_PASSWORD, NATS_CREDS, or the user in NATS_URL."
        return f"{nats} refuses the credentials. {remedy}"
    wrong = f"{nats} cannot be reached: {why_unreachable(error) or error}."
    if isinstance(error, FileNotFoundError | PermissionError):
        return f"{wrong} Correct NATS_CREDS."
    if settings.servers_by_default:
        return f"{wrong} NATS_URL is not set: set it, or start NATS there."
    return f"{wrong} Start it, or correct NATS_URL."
