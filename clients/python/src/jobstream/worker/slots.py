"""The slots of a job type, and which waiting job gets the next free one."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

WEIGHTS = {"high": 16, None: 4, "low": 1}
PATIENCE = 0.025
"""How long a slot waits for the next message of a priority whose turn it is, in seconds. Other workers may have taken it."""


@dataclass
class _Lane:
    weight: int
    turn: float = 0.0
    """When its next start is due, in starts for each one of weight."""
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    """The messages here that have no slot yet."""
    more: set[str] = field(default_factory=set)
    """The consumers where more of it waited when their last message came."""

    @property
    def has_jobs(self) -> bool:
        return bool(self.waiting or self.more)


class Slots:
    """The slots of a job type, which jobs of three priorities share.

    While jobs of each wait, 16 of 21 starts are of high, 4 of normal and 1 of low priority: a free slot goes to the priority
    that has had the fewest starts for its weight. Of one whose consumer has more, but no message here yet, the slot waits for
    the next message, 25 ms at most. Jobs of one priority begin in the order in which they came. A priority of which no job waits
    takes part in nothing: without jobs of high priority the others have all slots, and nobody saves up turns.

    The worker holds what it held before there were priorities: for each consumer one message more than it has slots.
    """

    def __init__(self, count: int) -> None:
        self.free = count
        self._lanes = {priority: _Lane(weight) for priority, weight in WEIGHTS.items()}
        self._now = 0.0
        self._patience: asyncio.TimerHandle | None = None

    async def acquire(self, priority: str | None, consumer: str, pending: int) -> None:
        """Waits for the turn of a message, behind which so many wait in its consumer."""
        lane = self._lanes[priority]
        if not lane.has_jobs:
            lane.turn = max(lane.turn, self._now)
        (lane.more.add if pending > 0 else lane.more.discard)(consumer)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        self._grant()
        await turn

    def release(self) -> None:
        self.free += 1
        self._grant()

    def _grant(self) -> None:
        while self.free > 0 and any(lane.waiting for lane in self._lanes.values()):
            lane = min((lane for lane in self._lanes.values() if lane.has_jobs), key=lambda lane: lane.turn)
            if not lane.waiting:
                return self._wait_for(lane)
            turn = lane.waiting.popleft()
            if turn.cancelled():
                continue
            self.free -= 1
            self._now = lane.turn
            lane.turn += 1 / lane.weight
            turn.set_result(None)

    def _wait_for(self, lane: _Lane) -> None:
        if self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(PATIENCE, self._give_up, lane, lane.turn)

    def _give_up(self, lane: _Lane, turn: float) -> None:
        self._patience = None
        if lane.turn == turn and not lane.waiting:
            lane.more.clear()
        self._grant()
