"""The sleeps of an attempt, without a server: what is recorded, and when the attempt is suspended."""

from __future__ import annotations

import asyncio
import unittest
import unittest.mock
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from jobstream import AttemptSuspended, StepContext
from jobstream.protocol.job import JobState, Step
from jobstream.worker.attempt import is_suspension
from jobstream.worker.live_processes import why_older
from jobstream.worker.steps.attempt_steps import AttemptSteps, StepsConfig
from jobstream.worker.steps.open_sleeps import TURNS, Suspension
from jobstream.worker.steps.sleep_call import sleep_call_of, sleep_until_call_of
from jobstream.worker.steps.step_call import StepWork, step_call_of
from jobstream.worker.steps.step_errors import StepMisusedError, UpgradeUnfinishedError

JOB = "0193a3f0-0000-7000-8000-00000000beef"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOT_WAIT = timedelta(seconds=30)
IN_AN_HOUR = "2026-01-31T10:30:00.000Z"


class Attempt:
    """An attempt whose log is a list, at an instant that a test sets."""

    def __init__(
        self,
        *known: Step,
        why: dict[int, str] | None = None,
        slot_wait: timedelta = SLOT_WAIT,
        time_left: timedelta = 24 * HOUR,
    ) -> None:
        self.recorded: list[Step] = []
        self.now = NOW
        self.why = why or {}
        job = JobState(JOB, {}, 1, steps={step["name"]: step for step in known}, steps_recorded=len(known))
        config = StepsConfig(self._append, self._why_not, lambda: self.now, slot_wait, lambda: time_left)
        self.steps = AttemptSteps(job, config)

    async def _append(self, steps: list[Step]) -> None:
        self.recorded += steps

    async def _why_not(self, protocol: int) -> str | None:
        return self.why.get(protocol)

    async def sleep(self, name: str, duration: Any, key: Any = None) -> None:
        await self.steps.sleep(sleep_call_of(name, duration, key))

    async def sleep_until(self, name: str, at: Any) -> None:
        await self.steps.sleep(sleep_until_call_of(name, at, None))

    async def step(self, name: str, work: StepWork) -> Any:
        return await self.steps.run(step_call_of(name, work, None, 1, None))


def sleeping(name: str, end: str) -> Step:
    return {"name": name, "result": end, "durationMs": 0}


class Sleeping(unittest.IsolatedAsyncioTestCase):
    async def test_a_sleep_is_recorded_with_its_end_and_suspends_the_attempt(self) -> None:
        attempt = Attempt()
        with self.assertRaises(AttemptSuspended):
            await attempt.sleep("trial", "1h")
        self.assertEqual(attempt.recorded, [sleeping("trial", IN_AN_HOUR)])
        self.assertEqual(attempt.steps.suspension, Suspension(NOW + HOUR, ()))

    async def test_a_later_run_sleeps_until_the_end_that_was_recorded(self) -> None:
        attempt = Attempt(sleeping("trial", IN_AN_HOUR))
        attempt.now = NOW + HOUR / 2
        with self.assertRaises(AttemptSuspended):
            await attempt.sleep("trial", "1h")
        over = Attempt(sleeping("trial", IN_AN_HOUR))
        over.now = NOW + HOUR
        await over.sleep("trial", "1h")
        self.assertEqual((attempt.recorded, over.recorded, over.steps.suspension), ([], [], None))

    async def test_a_short_one_leaves_half_of_what_the_attempt_may_run(self) -> None:
        attempt = Attempt(time_left=timedelta(seconds=50))
        with unittest.mock.patch("asyncio.sleep"):
            await attempt.sleep("short", 25)
        with self.assertRaises(AttemptSuspended):
            await attempt.sleep("long", 26)

    async def test_what_is_short_enough_keeps_the_slot(self) -> None:
        attempt = Attempt()
        with unittest.mock.patch("asyncio.sleep") as pause:
            await attempt.sleep("moment", 30)
            await attempt.sleep_until("gone", NOW - HOUR)
        self.assertEqual([call.args[0] for call in pause.call_args_list], [30])
        self.assertIsNone(attempt.steps.suspension)
        self.assertEqual([step["name"] for step in attempt.recorded], ["moment", "gone"])

    async def test_the_run_goes_on_while_anything_else_is_being_done_and_the_first_end_counts(self) -> None:
        attempt = Attempt()
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def send(step: StepContext) -> bool:
            begun.set()
            return await may_end.wait()

        async def branch() -> None:
            await attempt.step("send", send)
            await asyncio.gather(attempt.step("file", lambda step: True), attempt.sleep("moment", 0.001))
            await attempt.step("last", lambda step: True)

        branches = asyncio.gather(branch(), attempt.sleep("late", "3d"), attempt.sleep("soon", 3600))
        await begun.wait()
        for _ in range(3 * TURNS):
            await asyncio.sleep(0)
        self.assertFalse(branches.done())
        may_end.set()
        with self.assertRaises(AttemptSuspended):
            await branches
        await attempt.steps.settled()
        self.assertEqual(attempt.steps.suspension, Suspension(NOW + HOUR, ()))
        self.assertEqual([step["name"] for step in attempt.recorded][-1], "last")
        with self.assertRaises(AttemptSuspended):
            await attempt.step("next", lambda step: self.fail("nothing begins any more"))

    async def test_a_sleep_that_nobody_waits_for_does_not_matter(self) -> None:
        attempt = Attempt()
        sleeping = asyncio.create_task(attempt.sleep("trial", HOUR))
        winner = asyncio.create_task(attempt.step("reply", lambda step: "yes"))
        await asyncio.wait({sleeping, winner}, return_when=asyncio.FIRST_COMPLETED)
        await attempt.steps.settled()
        await asyncio.wait({sleeping})
        self.assertTrue(sleeping.cancelled())
        self.assertIsNone(attempt.steps.suspension)

    async def test_a_long_sleep_may_end_while_a_step_runs(self) -> None:
        attempt = Attempt(slot_wait=timedelta(0))
        may_end = asyncio.Event()

        async def slow(step: StepContext) -> bool:
            return await may_end.wait()

        step = asyncio.create_task(attempt.step("slow", slow))
        await attempt.sleep("blink", "1ms")
        may_end.set()
        await step
        self.assertIsNone(attempt.steps.suspension)

    async def test_an_ordinary_except_lets_the_interruption_pass(self) -> None:
        attempt = Attempt()

        async def handler() -> None:
            try:
                await attempt.sleep("trial", HOUR)
            except Exception:
                self.fail("it is no Exception")

        with self.assertRaises(AttemptSuspended) as raised:
            await handler()
        self.assertTrue(is_suspension(raised.exception))
        self.assertTrue(is_suspension(BaseExceptionGroup("tasks", [raised.exception, ValueError()])))
        self.assertFalse(is_suspension(None) or is_suspension(ExceptionGroup("tasks", [ValueError()])))

    async def test_it_waits_for_processes_of_an_earlier_release_only_where_it_must_suspend(self) -> None:
        attempt = Attempt(why={7: "old-1 lives"})
        with unittest.mock.patch("jobstream.worker.steps.attempt_steps.UPGRADE_WAIT", 0):
            await attempt.sleep("moment", 0)
            with self.assertRaisesRegex(UpgradeUnfinishedError, "the sleep 'trial' cannot be recorded yet: old-1 lives"):
                await attempt.sleep("trial", HOUR)
        self.assertIsNone(attempt.steps.suspension)
        self.assertIsNone(why_older([("new", 7)], 7))
        self.assertEqual(why_older([("new", 7), ("old-1", 6)], 7), "processes of an earlier release live, old-1")


class Misuse(unittest.IsolatedAsyncioTestCase):
    async def test_a_name_is_that_of_one_step_or_sleep(self) -> None:
        attempt = Attempt({"name": "charge", "result": "paid"}, {"name": "send"})
        await attempt.sleep("moment", 0)
        await attempt.sleep("moment", 0, key=1)
        for name in ("charge", "send", "moment", ""):
            with self.subTest(name), self.assertRaises(StepMisusedError):
                await attempt.sleep(name, 0)
        with self.assertRaises(StepMisusedError):
            await attempt.step("moment", lambda step: None)

    async def test_the_work_of_a_step_does_not_sleep(self) -> None:
        attempt = Attempt()

        async def work(step: StepContext) -> None:
            await attempt.sleep("within", HOUR)

        with self.assertRaises(StepMisusedError):
            await attempt.step("charge", work)
        await attempt.sleep("between", 0)
        with self.assertRaisesRegex(StepMisusedError, "longer than 366 days"):
            await attempt.sleep("ever", "367d")
        self.assertIsNone(attempt.steps.suspension)


class Durations(unittest.TestCase):
    def length(self, given: Any) -> timedelta:
        return sleep_call_of("trial", given, None).end_from(NOW) - NOW

    def test_reads_numbers_spans_and_text(self) -> None:
        spans: list[tuple[Any, timedelta]] = [(90, timedelta(seconds=90)), (0.5, timedelta(seconds=0.5)), (HOUR, HOUR)]
        spans += [("30s", timedelta(seconds=30)), ("1h30m", HOUR * 1.5), ("3d", HOUR * 72), ("500ms", timedelta(seconds=0.5))]
        spans += [("1.5h", HOUR * 1.5), ("2w", HOUR * 336)]
        for given, span in spans:
            with self.subTest(given):
                self.assertEqual(self.length(given), span)

    def test_reads_instants_of_any_zone(self) -> None:
        at = (NOW + HOUR).astimezone(timezone(HOUR * 2))
        for given in (at, at.isoformat(), IN_AN_HOUR):
            self.assertEqual(sleep_until_call_of("trial", given, None).end_from(NOW), NOW + HOUR)

    def test_refuses_what_is_none(self) -> None:
        wrong: list[Any] = [-1, "", "3", "3 d", "d", "1h and 30m", "-1h", None, float("inf"), float("nan"), timedelta(days=-1)]
        for given in wrong:
            with self.subTest(given), self.assertRaises(StepMisusedError):
                sleep_call_of("trial", given, None)
        instants: list[Any] = ["tomorrow", "2026-01-31T09:30:00", datetime(2026, 1, 31), 5]
        for given in instants:
            with self.subTest(given), self.assertRaises(StepMisusedError):
                sleep_until_call_of("trial", given, None)
