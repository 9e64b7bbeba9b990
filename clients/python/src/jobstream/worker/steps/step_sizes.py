"""How many steps a job has, and how large they are."""

from __future__ import annotations

from collections.abc import Iterable

from ...protocol.events import to_json
from ...protocol.job import Step, step_id

MAX_STEPS = 1_000
MAX_RESULT_BYTES = 256 * 1024
MAX_STEPS_BYTES = 512 * 1024
RECORD_BYTES = 60
"""Of the attempt and the time with which a step is recorded."""


class StepSizes:
    """Counts the steps of a job and their bytes, as the log stores them."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._bytes: dict[str, int] = {}
        self._total = 0
        for step in steps:
            self.add(step)

    def take_place(self, id: str) -> bool:
        """Whether there is room for another step of this id; the id has its place from then on."""
        if id not in self._bytes and len(self._bytes) >= MAX_STEPS:
            return False
        self._bytes.setdefault(id, 0)
        return True

    def add(self, step: Step) -> bool:
        """Counts the step, in the place of an earlier one of its id. False, and counts nothing, if it has no room."""
        id, size = step_id(step), len(to_json(step)) + RECORD_BYTES
        total = self._total + size - self._bytes.get(id, 0)
        if total > MAX_STEPS_BYTES:
            return False
        self._bytes[id], self._total = size, total
        return True
