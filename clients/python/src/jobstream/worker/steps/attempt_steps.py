"""The steps of one attempt."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from ...errors import RetryAfterError, UnrecoverableError
from ...protocol.events import format_time, to_json
from ...protocol.job import JobState, Step
from ...protocol.signals import Unread
from ..job_type import Model, is_encrypted
from ..live_processes import SIGNALS_PROTOCOL, STEPS_PROTOCOL, WAITS_PROTOCOL
from ..outcome import backoff_ms, error_data
from .open_sleeps import OpenSleeps, Suspension
from .signal_waits import SignalWaits
from .sleep_call import LONGEST, SleepCall, within_step
from .step_call import LONGEST_WAIT_MS, StepCall, StepContext, idempotency_key_of
from .step_errors import SignalInvalidError, StepMisusedError, StepResultNotJsonError, StepResultsTooLargeError
from .step_errors import UpgradeUnfinishedError
from .step_recorder import StepRecorder
from .step_sizes import MAX_RESULT_BYTES, MAX_STEPS, MAX_STEPS_BYTES, StepSizes
from .wait_call import WaitCall

log = logging.getLogger("jobstream")

UPGRADE_WAIT, UPGRADE_LOOK = 30, 1
"""For how many seconds a step waits for processes of an earlier release to be gone, and how often it looks."""


async def _nothing_new() -> None:
    """For an attempt whose job gets no signals."""


@dataclass(frozen=True)
class StepsConfig:
    """What the steps of an attempt work with."""

    append: Callable[[list[Step]], Awaitable[None]]
    why_not: Callable[[int], Awaitable[str | None]]
    """Says why not all processes are known to keep to a version of the protocol; None if they do."""
    now: Callable[[], datetime]
    """The time of the server."""
    slot_wait: timedelta = timedelta(seconds=30)
    """Sleeps that take no longer keep their slot."""
    time_left: Callable[[], timedelta] = lambda: LONGEST
    """How long the attempt may still run."""
    error_stacks: bool = True
    unread: Callable[[], Unread] = dict
    """The signals of the job that no step has read, as far as they are known by now."""
    refresh: Callable[[], Awaitable[None]] = _nothing_new
    """Reads which signals have come."""
    signals: Mapping[str, Model | None] = field(default_factory=dict)
    """Those that jobs of the type take."""


class AttemptSteps:
    """Runs the steps of one attempt, records how they end, and gives what earlier attempts have recorded."""

    def __init__(self, job: JobState, config: StepsConfig) -> None:
        self._job, self._config = job, config
        self._recorder = StepRecorder(config.append)
        self._sleeps = OpenSleeps(config.slot_wait, config.now, config.time_left)
        self._waits = SignalWaits(job.id, config.unread, config.signals)
        self._sizes = StepSizes(job.steps.values())
        self._begun: set[str] = set()
        self._running: set[asyncio.Task[Any]] = set()
        self._is_aborted = False
        self._is_over = False
        self.fault: Exception | None = None
        """Why the attempt fails, whatever its handler has done; None if it need not."""

    async def run(self, call: StepCall) -> Any:
        """The result of the step, after its work if that has none yet. Raises what the work raises, or why it was not run.

        It runs in a task of its own, so that it ends with the attempt also where the handler does not await it.
        """
        keys = "" if call.key is not None else f". In a loop give each its key: ctx.step('{call.name}', …, key=key)"
        self._begin(call, keys)
        return await self._task_of(self._result_of(call))

    async def sleep(self, call: SleepCall) -> None:
        """Returns at the end of the sleep. Raises AttemptSuspended where this run does not last so long."""
        self._begin_between_steps(call, "sleep")
        await self._sleeps.wait(call, await self._task_of(self._end_of(call)))

    async def wait_for(self, call: WaitCall) -> Any:
        """The payload of a signal, None at the end of the time limit. Raises AttemptSuspended where this run does not get it."""
        self._waits.check(call)
        self._begin_between_steps(call, "wait_for")
        recorded = await self._task_of(self._record_of(call, self._job.steps.get(call.id)))
        while not call.has_ended(recorded):
            await self._sleeps.wait_for_signal(call, call.end_of(recorded))
            recorded = await self._task_of(self._record_of(call, recorded))
        return self._payload_of(recorded or {})

    @property
    def suspension(self) -> Suspension | None:
        """For what the attempt waits that a sleep or a wait has interrupted; None if none has."""
        return self._sleeps.suspension

    def cancel(self) -> None:
        """Cancels the steps that run, and runs no more: the attempt was aborted. Work that ends all the same is recorded."""
        self._is_aborted = True
        self._sleeps.over()
        for running in self._running:
            if not running.cancelling():
                running.cancel()

    async def settled(self) -> None:
        """The handler has ended: waits until all steps have that were begun: else the next attempt would run them beside this one."""
        self._sleeps.over()
        while self._running:
            await asyncio.wait(self._running)
        self._is_over = True  # from here on nothing waits for a step that a branch of the handler would begin

    async def finish(self) -> None:
        """The attempt is over: waits for what is being recorded. What still runs is not recorded any more."""
        self._is_over = True
        await self._recorder.finish()

    def _begin_between_steps(self, call: SleepCall | WaitCall, method: str) -> None:
        if (step := within_step.get()) is not None:
            raise StepMisusedError(f"{call.title} was begun within the step '{step}', which must end first")
        keys = "" if call.key is not None else f". In a loop give each its key: ctx.{method}('{call.name}', …, key=key)"
        self._begin(call, keys)

    def _begin(self, call: StepCall | SleepCall | WaitCall, remedy: str) -> None:
        self._check_running()
        if call.id in self._begun:
            raise StepMisusedError(f"{call.title} was begun twice in this attempt{remedy}")
        self._begun.add(call.id)

    async def _task_of(self, work: Coroutine[Any, Any, Any]) -> Any:
        running = asyncio.create_task(self._busy_with(work))
        self._running.add(running)
        running.add_done_callback(self._leave)
        return await running

    async def _busy_with(self, work: Coroutine[Any, Any, Any]) -> Any:
        with self._sleeps.working():
            return await work

    def _leave(self, running: asyncio.Task[Any]) -> None:
        self._running.discard(running)
        if not running.cancelled():
            running.exception()  # which the handler may have no interest in

    async def _result_of(self, call: StepCall) -> Any:
        recorded = self._job.steps.get(call.id)
        if recorded is not None and "error" not in recorded:
            if "waitsUntil" in recorded or "signal" in recorded:
                raise StepMisusedError(f"{call.title} has the name of a wait of the job")
            return self._readable(recorded.get("result"), call)
        if not self._sizes.take_place(call.id):
            raise self._failed(StepResultsTooLargeError(f"{call.title} is not run: a job may have {MAX_STEPS} steps"))
        await self._until_understood(STEPS_PROTOCOL, "the first step")
        return await self._run_and_record(call)

    async def _end_of(self, call: SleepCall) -> datetime:
        """When the sleep is over, as its first call in any run has recorded it."""
        recorded = self._job.steps.get(call.id)
        if recorded is None or "error" in recorded:
            recorded = {**call.named, "durationMs": 0, "result": format_time(call.end_from(self._config.now()))}
            await self._record_wait(recorded, call, STEPS_PROTOCOL)
        end = call.recorded_end(recorded)
        if not self._sleeps.keeps_slot(end):
            await self._until_understood(WAITS_PROTOCOL, call.title)
        return end

    async def _record_of(self, call: WaitCall, recorded: Step | None) -> Step | None:
        """What is recorded of a wait, after what there is to record now."""
        is_fresh = False
        while not call.has_ended(recorded):
            await self._until_understood(SIGNALS_PROTOCOL, call.title)
            outcome = self._waits.look(call, recorded, self._config.now())
            if outcome is None:
                break
            if outcome == call.expired and not is_fresh:
                await self._config.refresh()  # a signal may have come since the run began
                is_fresh = True
                continue
            self._payload_of(outcome)  # what is invalid is not recorded
            await self._record_wait(outcome, call, SIGNALS_PROTOCOL)
            recorded = outcome
        return recorded

    def _payload_of(self, recorded: Step) -> Any:
        try:
            return self._waits.payload_of(recorded)
        except SignalInvalidError as error:
            raise self._failed(error) from error

    async def _record_wait(self, outcome: Step, call: SleepCall | WaitCall, protocol: int) -> None:
        if not self._sizes.take_place(call.id):
            raise self._failed(StepResultsTooLargeError(f"{call.title} is not begun: a job may have {MAX_STEPS} steps"))
        await self._until_understood(protocol, call.title)
        self._count(outcome, call)
        await self._record(outcome)

    async def _run_and_record(self, call: StepCall) -> Any:
        began = monotonic()
        try:
            value = await self._tries(call)
        except Exception as error:
            await self._record_error(error, {**call.named, "durationMs": _since(began)})
            raise
        result = self._json_of(value, call)
        outcome = {**call.named, "durationMs": _since(began)}
        if result is not None:
            outcome["result"] = result
        self._count(outcome, call)
        await self._record(outcome)
        return result

    def _count(self, outcome: Step, call: StepCall | SleepCall | WaitCall) -> None:
        if not self._sizes.add(outcome):
            limit = f"the steps of the job have more than {MAX_STEPS_BYTES} bytes"
            raise self._failed(StepResultsTooLargeError(f"{call.title} has ended, and its result cannot be kept: {limit}"))

    async def _tries(self, call: StepCall) -> Any:
        key = idempotency_key_of(self._job, call)
        within_step.set(call.name)  # in the task of the step
        attempt = 1
        while True:
            try:
                value = call.work(StepContext(call.name, call.key, attempt, key))
                return await value if inspect.isawaitable(value) else value
            except Exception as error:
                wait = _wait_after(error, attempt, call)
                if wait is None or self._is_aborted:
                    raise
                log.warning("job %s: %s failed and is run again: %r", self._job.id, call.title, error)
                await asyncio.sleep(wait)
            attempt += 1

    def _json_of(self, value: Any, call: StepCall) -> Any:
        """What JSON makes of the result, in this attempt as in later ones."""
        try:
            text = to_json(value.model_dump(mode="json") if hasattr(value, "model_dump") else value)
        except (TypeError, ValueError, RecursionError) as error:
            raise self._failed(StepResultNotJsonError(f"the result of {call.title} is not JSON: {error}")) from error
        if len(text) > MAX_RESULT_BYTES:
            limit = f"{len(text)} bytes of JSON, at most {MAX_RESULT_BYTES} are kept"
            raise self._failed(StepResultsTooLargeError(f"the result of {call.title} has {limit}"))
        return json.loads(text)

    async def _record_error(self, error: Exception, outcome: Step) -> None:
        """For whoever looks at the job: an error that has no room is not recorded."""
        data = error_data(error)
        if not self._config.error_stacks:
            del data["stack"]
        if not self._is_aborted and self._sizes.add({**outcome, "error": data}):
            await self._record({**outcome, "error": data})

    async def _record(self, outcome: Step) -> None:
        if self._is_over:
            raise RuntimeError("the attempt is over, and its steps are not recorded any more")
        try:
            await self._recorder.record(outcome)
        except StepResultsTooLargeError as error:
            raise self._failed(error) from error

    def _failed(self, fault: Exception) -> Exception:
        """Fails the attempt, whatever the handler does with the error."""
        self.fault = self.fault or fault
        return fault

    def _check_running(self) -> None:
        if not self._is_aborted and self.fault is not None:
            raise self.fault
        if not self._is_aborted and self.suspension is not None:
            raise self._sleeps.interruption("another branch of the handler")
        if self._is_aborted or self._is_over:
            raise RuntimeError("the attempt is over, and no step is run any more")

    async def _until_understood(self, protocol: int, what: str) -> None:
        """Until then the results would be lost to processes of an earlier release, and the job unreadable to them."""
        waited = 0
        while (why := await self._config.why_not(protocol)) is not None:
            if waited >= UPGRADE_WAIT:
                raise UpgradeUnfinishedError(f"{what} cannot be recorded yet: {why}", UPGRADE_WAIT)
            if waited == 0:
                log.warning("job %s: %s waits, since it could not be recorded yet: %s", self._job.id, what, why)
            await asyncio.sleep(UPGRADE_LOOK)
            waited += UPGRADE_LOOK

    def _readable(self, result: Any, call: StepCall) -> Any:
        if is_encrypted(result, self._job.id):
            workers = "which only workers with @jobstream/worker can read"
            raise RuntimeError(f"the result of {call.title} is encrypted, {workers}")
        return result


def _since(began: float) -> int:
    """In milliseconds."""
    return round((monotonic() - began) * 1000)


def _wait_after(error: Exception, attempt: int, call: StepCall) -> float | None:
    """Seconds until the step is run again in this attempt; None if it is not."""
    if attempt >= call.max_attempts or isinstance(error, UnrecoverableError):
        return None
    asked = error.retry_after * 1000 if isinstance(error, RetryAfterError) else 0
    if asked > LONGEST_WAIT_MS:
        return None  # a longer wait is that of the job, which takes no slot
    return max(min(backoff_ms(call.backoff, attempt), LONGEST_WAIT_MS), asked) / 1000
