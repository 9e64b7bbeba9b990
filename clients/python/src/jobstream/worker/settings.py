"""The settings of a worker: what the program gives wins over the environment."""

from __future__ import annotations

import difflib
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ACK_WAIT_RANGE = (0.5, 3600.0)
LONGEST_SLOT_WAIT = 3600.0
VARIABLES = (
    "NATS_URL",
    "NATS_USER",
    "NATS_PASSWORD",
    "NATS_CREDS",
    "WORKER_NAME",
    "WORKER_VERSION",
    "JOBSTREAM_RELEASE",
    "WORKER_CONCURRENCY",
    "ACK_WAIT_MS",
    "SHUTDOWN_GRACE_MS",
    "SLOT_WAIT_MS",
    "ERROR_STACKS",
)
LEAST_SIMILARITY = 0.85
"""Of a misspelt name: two letters that have changed places in the shortest one."""


class EnvironmentMistake(ValueError):
    """A variable whose value is not possible; somebody other than the programmer corrects it."""


@dataclass(frozen=True)
class Settings:
    """All settings; times in seconds."""

    servers: tuple[str, ...]
    user: str | None
    password: str | None
    credentials: str | None
    name: str
    version: str | None
    concurrency: int
    ack_wait: float
    shutdown_grace: float
    error_stacks: bool
    slot_wait: float
    servers_by_default: bool = False
    """Whether neither the program nor the environment has an address."""

    @property
    def is_anonymous(self) -> bool:
        """Whether there is neither a user nor one in the address, as for a server that is open to all."""
        return not (self.user or self.credentials) and not any("@" in server for server in self.servers)


@dataclass(frozen=True)
class Given:
    """What the program gives; None: the environment decides."""

    servers: str | None = None
    user: str | None = None
    password: str | None = None
    credentials: str | None = None
    name: str | None = None
    version: str | None = None
    concurrency: int | None = None
    ack_wait: float | None = None
    shutdown_grace: float | None = None
    slot_wait: float | None = None
    error_stacks: bool | None = None


def resolve_settings(given: Given, environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises ValueError with one sentence about a setting that is out of its range: EnvironmentMistake for a variable."""
    text = _Reader(environment)
    ack_wait = text.seconds(given.ack_wait, "ack_wait", "ACK_WAIT_MS")
    if not ACK_WAIT_RANGE[0] <= ack_wait <= ACK_WAIT_RANGE[1]:
        error = EnvironmentMistake if given.ack_wait is None else ValueError
        raise error(f"expected ack_wait (ACK_WAIT_MS) to be 0.5 to 3600 seconds, got: {ack_wait}")
    slot_wait = text.seconds(given.slot_wait, "slot_wait", "SLOT_WAIT_MS", 30)
    if slot_wait > LONGEST_SLOT_WAIT:
        error = EnvironmentMistake if given.slot_wait is None else ValueError
        raise error(f"expected slot_wait (SLOT_WAIT_MS) to be 0 to 3600 seconds, got: {slot_wait}")
    servers = given.servers or environment.get("NATS_URL")
    return Settings(
        servers=tuple(server.strip() for server in (servers or "nats://127.0.0.1:4222").split(",")),
        servers_by_default=not servers,
        user=given.user or environment.get("NATS_USER") or None,
        password=given.password or environment.get("NATS_PASSWORD") or None,
        credentials=given.credentials or environment.get("NATS_CREDS") or None,
        name=given.name or environment.get("WORKER_NAME") or socket.gethostname(),
        version=given.version or environment.get("WORKER_VERSION") or environment.get("JOBSTREAM_RELEASE") or None,
        concurrency=text.count(given.concurrency, "concurrency", "WORKER_CONCURRENCY"),
        ack_wait=ack_wait,
        shutdown_grace=text.seconds(given.shutdown_grace, "shutdown_grace", "SHUTDOWN_GRACE_MS"),
        slot_wait=slot_wait,
        error_stacks=text.flag(given.error_stacks, "error_stacks", "ERROR_STACKS"),
    )


def misspelt_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """A sentence for each variable that is probably a misspelt setting which is not set itself."""
    unset = [name for name in VARIABLES if not environment.get(name)]
    nearest = {
        name: difflib.get_close_matches(name, [other for other in unset if other[0] == name[0]], 1, LEAST_SIMILARITY)
        for name in environment
        if name and name not in VARIABLES
    }
    return [
        f"{name} is not a setting and has no effect: is {meant[0]} meant?" for name, meant in nearest.items() if meant
    ]


@dataclass(frozen=True)
class _Reader:
    environment: Mapping[str, str]

    def count(self, given: int | None, option: str, variable: str) -> int:
        value = self._number(given, variable, 10, int)
        if value is None or value < 1:
            raise self._mistake(option, variable, "a positive integer", given)
        return int(value)

    def seconds(self, given: float | None, option: str, variable: str, default: float = 10.0) -> float:
        value = self._number(given, variable, default, lambda text: int(text) / 1000)
        if value is None or not 0 <= value < float("inf"):
            raise self._mistake(option, variable, "a time of at least 0 (seconds; the variable milliseconds)", given)
        return value

    def flag(self, given: bool | None, option: str, variable: str) -> bool:
        text = (self.environment.get(variable) or "true") if given is None else str(given).lower()
        if text not in ("true", "false"):
            error = EnvironmentMistake if given is None else ValueError
            raise error(f"expected {option} ({variable}) to be true or false, got: {text}")
        return text == "true"

    def _number(
        self, given: float | None, variable: str, default: float, parse: Callable[[str], float]
    ) -> float | None:
        if given is not None:
            return given
        try:
            return parse(self.environment[variable]) if self.environment.get(variable) else default
        except ValueError:
            return None

    def _mistake(self, option: str, variable: str, expected: str, given: float | None) -> ValueError:
        got = self.environment.get(variable) if given is None else given
        error = EnvironmentMistake if given is None else ValueError
        return error(f"expected {option} ({variable}) to be {expected}, got: {got}")
