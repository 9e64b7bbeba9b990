"""What the waits of an attempt read of the signals of its job."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ...protocol.job import Step
from ...protocol.signals import Signal, Unread
from ..job_type import Model, is_encrypted, mistakes_in
from .step_errors import SignalInvalidError, StepMisusedError
from .wait_call import WaitCall


class SignalWaits:
    """Tells what is to be recorded of waits. A signal is read once, by the wait that looks first."""

    def __init__(self, job_id: str, unread: Callable[[], Unread], models: Mapping[str, Model | None]) -> None:
        self._job_id, self._unread, self._models = job_id, unread, models
        self._taken: set[str] = set()

    def check(self, call: WaitCall) -> None:
        """Raises StepMisusedError for a signal that jobs of the type do not take."""
        if call.signal not in self._models:
            takes = ", ".join(f"'{name}'" for name in self._models) or "none"
            raise StepMisusedError(f"{call.title} is for the signal '{call.signal}', but jobs of this type take {takes}")

    def look(self, call: WaitCall, recorded: Step | None, now: datetime) -> Step | None:
        """What is to be recorded of a wait that has not ended; None if it goes on as it is.

        Raises RuntimeError for a signal that only other workers can read.
        """
        signal = next((one for one in self._unread().values() if self._is_for(call, one)), None)
        if signal is not None:
            self._taken.add(signal["id"])
            return call.read(signal)
        end = call.end_of(recorded)
        if end is None:
            return None if call.limit is None else call.begun(now)
        return call.expired if end <= now else None

    def payload_of(self, recorded: Step) -> Any:
        """What the handler gets of a wait that has ended. Raises SignalInvalidError."""
        payload, name = recorded.get("result"), recorded.get("signal", {}).get("name")
        model = self._models.get(name)
        if model is None:
            return payload
        try:
            return model.validate_json(json.dumps(payload))
        except ValueError as error:
            mistakes = "; ".join(mistakes_in(error))
            raise SignalInvalidError(f"the payload of the signal '{name}' is invalid: {mistakes}") from error

    def _is_for(self, call: WaitCall, signal: Signal) -> bool:
        if signal["name"] != call.signal or signal["id"] in self._taken:
            return False
        if is_encrypted(signal["payload"], self._job_id):
            workers = "which only workers with @jobstream/worker can read"
            raise RuntimeError(f"the payload of the signal '{call.signal}' is encrypted, {workers}")
        return True
