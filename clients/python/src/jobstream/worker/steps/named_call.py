"""What steps, sleeps and waits have in common: a name, and in a loop a key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from ...protocol.job import Step, step_id
from .step_errors import StepMisusedError

NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,128}")


@dataclass(frozen=True)
class NamedCall:
    """What the handler has asked for, checked."""

    kind: ClassVar[str]
    """`step`, `sleep` or `wait`."""

    name: str
    key: str | None

    @property
    def named(self) -> Step:
        """What its record begins with."""
        return {"name": self.name} if self.key is None else {"name": self.name, "key": self.key}

    @property
    def id(self) -> str:
        return step_id(self.named)

    @property
    def title(self) -> str:
        """How it is called in messages."""
        return f"the {self.kind} '{self.name}'" + ("" if self.key is None else f" with the key '{self.key}'")


def key_of(key: str | int | None, what: str) -> str | None:
    """The key as it is recorded. Raises StepMisusedError for what none can be."""
    if key is None:
        return None
    check_name(str(key), what)
    return str(key)


def check_name(name: object, what: str) -> None:
    """Raises StepMisusedError for what no step and no sleep may be called."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise StepMisusedError(f"{what} must have 1 to 128 characters, and no control characters")
