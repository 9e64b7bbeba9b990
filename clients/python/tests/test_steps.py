"""The steps of an attempt, without a server: what is recorded, and what a handler gets."""

from __future__ import annotations

import asyncio
import unittest
import unittest.mock
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from jobstream import RetryAfterError, StepContext, UnrecoverableError
from jobstream.protocol.appender import Appender, OvertakenError
from jobstream.protocol.call import Call
from jobstream.protocol.events import Event
from jobstream.protocol.job import JobState, Step, step_id
from jobstream.worker.live_processes import protocol_in
from jobstream.worker.steps.attempt_steps import AttemptSteps, StepsConfig
from jobstream.worker.steps.step_call import StepWork, idempotency_key_of, step_call_of
from jobstream.worker.steps.step_errors import StepMisusedError, StepResultsTooLargeError, UpgradeUnfinishedError
from jobstream.worker.steps.step_sizes import MAX_STEPS, StepSizes

JOB = "0193a3f0-0000-7000-8000-00000000beef"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
NOT_AT_ALL = {"type": "fixed", "delayMs": 0}


class Receipt(BaseModel):
    id: str


class Attempt:
    """An attempt whose log is a list."""

    def __init__(self, *known: Step) -> None:
        self.events: list[list[Step]] = []
        self.appending = asyncio.Event()
        self.may_append = asyncio.Event()
        self.may_append.set()
        steps = {step_id(step): step for step in known}
        job = JobState(JOB, {}, 1, steps=steps, steps_recorded=len(steps))
        self.steps = AttemptSteps(job, StepsConfig(self._append, self._why_not, lambda: NOW, error_stacks=False))

    async def _append(self, steps: list[Step]) -> None:
        self.appending.set()
        await self.may_append.wait()
        self.events.append(steps)

    async def _why_not(self, protocol: int) -> str | None:
        return None

    async def step(self, name: str, work: StepWork, **options: Any) -> Any:
        given = {"key": None, "max_attempts": 1, "backoff": None, **options}
        return await self.steps.run(step_call_of(name, work, **given))

    @property
    def recorded(self) -> list[tuple[str, Any]]:
        """The ids of all steps in the log, with their results, or the codes or messages of their errors."""
        return [(step_id(step), _ending(step)) for event in self.events for step in event]


def _ending(step: Step) -> Any:
    error = step.get("error")
    return step.get("result") if error is None else error.get("code", error["message"])


def raising(*errors: Exception) -> Callable[[StepContext], str]:
    """Raises one after the other, and then returns."""
    left = list(errors)

    def work(step: StepContext) -> str:
        if left:
            raise left.pop(0)
        return f"run {step.attempt}"

    return work


class Running(unittest.IsolatedAsyncioTestCase):
    async def test_a_step_gives_what_json_makes_of_its_result(self) -> None:
        attempt = Attempt()

        async def charge(step: StepContext) -> Receipt:
            return Receipt(id=step.name)

        self.assertEqual(await attempt.step("charge", charge), {"id": "charge"})
        self.assertEqual(await attempt.step("pair", lambda step: (1, 2)), [1, 2])
        self.assertIsNone(await attempt.step("nothing", lambda step: None))
        self.assertEqual(attempt.recorded, [("charge", {"id": "charge"}), ("pair", [1, 2]), ("nothing", None)])
        self.assertNotIn("result", attempt.events[2][0])

    async def test_what_an_earlier_attempt_has_recorded_is_given_and_not_run(self) -> None:
        failed = {"name": "send", "key": "1", "error": {"name": "E", "message": "no"}, "durationMs": 1}
        attempt = Attempt({"name": "charge", "result": "paid", "durationMs": 1}, failed)
        self.assertEqual(await attempt.step("charge", raising(RuntimeError("runs again"))), "paid")
        self.assertEqual(await attempt.step("send", raising(), key=1), "run 1")
        self.assertEqual(attempt.recorded, [("send\n1", "run 1")])

    async def test_it_is_run_again_in_the_attempt_and_the_last_outcome_is_recorded(self) -> None:
        attempt = Attempt()
        again = {"max_attempts": 3, "backoff": NOT_AT_ALL}
        self.assertEqual(await attempt.step("slow", raising(RuntimeError("no"), RuntimeError("no")), **again), "run 3")
        for name, error in (("final", UnrecoverableError("no")), ("later", RetryAfterError("no", 31))):
            with self.assertRaises(type(error)):
                await attempt.step(name, raising(error), **again)
        self.assertEqual(attempt.recorded, [("slow", "run 3"), ("final", "UNRECOVERABLE"), ("later", "RETRY_AFTER")])
        self.assertIsNone(attempt.steps.fault)

    async def test_steps_that_end_while_one_is_appended_share_the_next_event(self) -> None:
        attempt = Attempt()
        attempt.may_append.clear()
        first = asyncio.create_task(attempt.step("first", raising()))
        await attempt.appending.wait()
        ran: list[str | None] = []
        all_ran = asyncio.Event()

        def send(step: StepContext) -> None:
            ran.append(step.key)
            if len(ran) == 5:
                all_ran.set()

        others = asyncio.gather(*(attempt.step("send", send, key=key) for key in range(5)))
        await all_ran.wait()
        attempt.may_append.set()
        await asyncio.gather(first, others)
        self.assertEqual([len(event) for event in attempt.events], [1, 5])

    async def test_what_makes_no_sense_is_misuse(self) -> None:
        attempt = Attempt()
        await attempt.step("send", raising(), key="a")
        wrong: list[tuple[str, dict[str, Any]]] = [("send", {"key": "a"}), ("", {}), ("a\nb", {}), ("x" * 129, {})]
        wrong += [("s", {"max_attempts": 0}), ("s", {"backoff": {"type": "fixed", "delayMs": 31_000}}), ("s", {"key": ""})]
        wrong += [("s", {"backoff": {"type": "linear"}}), ("s", {"max_attempts": 101})]
        for name, options in wrong:
            with self.subTest(name, **options), self.assertRaises(StepMisusedError):
                await attempt.step(name, raising(), **options)


class Bounds(unittest.IsolatedAsyncioTestCase):
    async def test_a_result_that_cannot_be_kept_fails_the_attempt_also_if_the_error_is_caught(self) -> None:
        for work in (lambda step: "x" * 270_000, lambda step: {1, 2}):
            attempt = Attempt()
            with self.assertRaises(UnrecoverableError) as raised:
                await attempt.step("report", work)
            self.assertIs(attempt.steps.fault, raised.exception)
            with self.assertRaises(UnrecoverableError):
                await attempt.step("next", raising())
            self.assertEqual(attempt.recorded, [])

    async def test_an_error_without_room_is_not_recorded_and_a_step_without_a_place_is_not_run(self) -> None:
        large = Attempt(*({"name": f"part {n}", "result": "x" * 174_000, "durationMs": 1} for n in range(3)))
        with self.assertRaisesRegex(RuntimeError, "no"):
            await large.step("send", raising(RuntimeError("no" * 2_000)))
        self.assertEqual((large.recorded, large.steps.fault), ([], None))
        full = Attempt(*({"name": "send", "key": f"{n}", "durationMs": 1} for n in range(MAX_STEPS)))
        with self.assertRaisesRegex(StepResultsTooLargeError, "is not run"):
            await full.step("send", raising(), key="new")

    def test_a_step_that_ran_again_counts_in_the_place_of_its_earlier_run(self) -> None:
        sizes = StepSizes([{"name": "a", "result": "x" * 500_000}])
        self.assertFalse(sizes.add({"name": "b", "result": "x" * 500_000}))
        self.assertTrue(sizes.add({"name": "a", "result": "y" * 500_000}))


class Ending(unittest.IsolatedAsyncioTestCase):
    async def test_what_is_aborted_is_cancelled_and_not_recorded(self) -> None:
        attempt = Attempt()
        begun, cancelled = asyncio.Event(), asyncio.Event()

        async def wait(step: StepContext) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        running = asyncio.create_task(attempt.step("wait", wait))
        await begun.wait()
        attempt.steps.cancel()
        await attempt.steps.settled()
        with self.assertRaises(asyncio.CancelledError):
            await running
        with self.assertRaisesRegex(RuntimeError, "no step is run"):
            await attempt.step("next", raising())
        await attempt.steps.finish()
        self.assertEqual((attempt.recorded, cancelled.is_set()), ([], True))

    async def test_what_has_ended_is_recorded_although_whoever_waits_for_it_is_cancelled(self) -> None:
        attempt = Attempt()
        attempt.may_append.clear()
        running = asyncio.create_task(attempt.step("charge", raising()))
        await attempt.appending.wait()
        attempt.steps.cancel()
        await attempt.steps.settled()
        attempt.may_append.set()
        await attempt.steps.finish()
        with self.assertRaises(asyncio.CancelledError):
            await running
        self.assertEqual(attempt.recorded, [("charge", "run 1")])

    async def test_a_step_that_nobody_awaits_is_waited_for(self) -> None:
        attempt = Attempt()
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def send(step: StepContext) -> bool:
            begun.set()
            return await may_end.wait()

        forgotten = asyncio.create_task(attempt.step("send", send))
        await begun.wait()
        settled = asyncio.create_task(attempt.steps.settled())
        await asyncio.wait({settled}, timeout=0)
        self.assertFalse(settled.done())
        may_end.set()
        await settled
        self.assertEqual(attempt.recorded, [("send", True)])
        await forgotten

    async def test_a_step_that_a_branch_would_begin_as_its_attempt_ends_is_either_recorded_or_not_begun(self) -> None:
        for pause in range(12):
            attempt, done = Attempt(), []

            async def send(step: StepContext) -> None:
                await turns(3)
                done.append("send")

            async def branch() -> None:
                await attempt.step("charge", raising())
                await turns(pause)
                await attempt.step("send", send)

            branching = asyncio.create_task(branch())
            await turns(1)
            await attempt.steps.settled()
            await turns(2)  # in which the end of the handler is noticed
            await attempt.steps.finish()
            await asyncio.wait({branching})
            with self.subTest(pause=pause):
                self.assertEqual([*done], [name for name, _ in attempt.recorded[1:]])
                self.assertEqual(branching.exception() is None, bool(done))


async def turns(count: int) -> None:
    """Lets the event loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


class Carried(unittest.IsolatedAsyncioTestCase):
    async def test_steps_whose_append_was_stored_before_the_job_was_carried_are_not_appended_again(self) -> None:
        at = "2026-01-31T09:30:00.000Z"
        before = JobState(JOB, {}, 5, version=2, status="processing", attempt=1, worker="w", started_at=at)
        carried = replace(before, sequence=9, version=4, steps={"pay": {"name": "pay"}}, steps_recorded=1)
        log: Any = SimpleNamespace(job_type="email", read=lambda job_id: asyncio.sleep(0, carried))
        stored: list[int] = []

        class Conflicting(Appender):
            async def _store(self, event: Event, expected: int, trace: dict[str, str]) -> int:
                stored.append(expected)
                if len(stored) == 1:
                    raise OvertakenError
                return 10

        unused: Any = None
        appender = Conflicting(unused, log, unused, "w")
        msg: Any = SimpleNamespace(metadata=SimpleNamespace(sequence=SimpleNamespace(stream=1), num_delivered=1), headers=None)
        data = {"attempt": 1, "from": 0, "steps": [{"name": "pay"}]}
        now = datetime.fromisoformat(at)
        after = await appender.append(Call(msg, JOB, None), before, "JobStepsRecorded", data, now)
        self.assertEqual((stored, after.steps_recorded, after.sequence), ([5], 1, 9))


class Understanding(unittest.IsolatedAsyncioTestCase):
    async def test_no_step_runs_while_a_process_lives_that_would_lose_it(self) -> None:
        answers = iter(["old-1 lives", None])
        attempt = Attempt()

        async def look(protocol: int) -> str | None:
            return next(answers, "nobody knows")

        waits = AttemptSteps(JobState(JOB, {}, 1), StepsConfig(attempt._append, look, lambda: NOW))
        with unittest.mock.patch("jobstream.worker.steps.attempt_steps.UPGRADE_LOOK", 0):
            self.assertEqual(await waits.run(step_call_of("charge", raising(), None, 1, None)), "run 1")
        with unittest.mock.patch("jobstream.worker.steps.attempt_steps.UPGRADE_WAIT", 0):
            with self.assertRaisesRegex(UpgradeUnfinishedError, "nobody knows"):
                await waits.run(step_call_of("send", raising(), None, 1, None))

    def test_a_heartbeat_without_a_version_is_of_the_first(self) -> None:
        self.assertEqual(protocol_in(b'{"worker": "w", "protocol": 6}'), ("w", 6))
        self.assertEqual(protocol_in(b'{"worker": "w"}'), ("w", 1))
        self.assertIsNone(protocol_in(b""))


class Keys(unittest.TestCase):
    def test_idempotency_keys_are_those_of_other_languages(self) -> None:
        job = JobState(JOB, {}, 1, generation=1)
        call = step_call_of("send", raising(), "a", 1, None)
        self.assertEqual(idempotency_key_of(job, call), EXPECTED_KEY)


EXPECTED_KEY = "7f6ab798-32d8-85a2-8c97-118c28a916e4"
"""As @jobstream/worker makes it."""
