"""The signals of a job that no step has read, by their ids, oldest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from .events import Event

Signal = dict[str, Any]
"""A signal as the log has it: `id`, `name`, `payload` and `at`. Its id is that of the JobSignalled."""
Unread = Mapping[str, Signal]


def signal_of(event: Event) -> Signal:
    """The signal that a JobSignalled has brought."""
    return {"id": event["id"], "name": event["data"]["name"], "payload": event["data"].get("payload"), "at": event["at"]}


def carried_signals(data: Mapping[str, Any]) -> Unread:
    """Those that a job is carried with."""
    return {signal["id"]: signal for signal in data.get("signals", ())}


def without_read(unread: Unread, steps: Iterable[Mapping[str, Any]]) -> Unread:
    """Raises ValueError when the steps have read more signals of a name than there are."""
    read = [step["signal"] for step in steps if "signal" in step]
    if counts_of(read) - counts_of(unread.values()):
        raise ValueError("steps that have read signals that are not there")
    ids = {signal["id"] for signal in read}
    return {id: signal for id, signal in unread.items() if id not in ids} if ids else unread


def counts_of(signals: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many there are of each name."""
    return Counter(str(signal["name"]) for signal in signals)
