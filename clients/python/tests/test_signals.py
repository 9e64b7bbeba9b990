"""Signals: what is unread, what they call for, and what the waits of an attempt record, without a server."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from jobstream import AttemptSuspended, StepContext, UnrecoverableError, Worker
from jobstream.protocol.appender import Appender
from jobstream.protocol.call import plan
from jobstream.protocol.events import Event, decode, to_json
from jobstream.protocol.job import JobState, Step, fold
from jobstream.protocol.signals import Signal
from jobstream.worker.consumers import late_consumers
from jobstream.worker.job_type import Model, model_of, signals_of
from jobstream.worker.steps.attempt_steps import AttemptSteps, StepsConfig
from jobstream.worker.steps.open_sleeps import Suspension
from jobstream.worker.steps.sleep_call import sleep_call_of
from jobstream.worker.steps.step_call import step_call_of
from jobstream.worker.steps.step_errors import StepMisusedError
from jobstream.worker.steps.wait_call import wait_call_of

from .test_job import CREATED, JOB, NOW, STARTED, call, event
from .test_worker import handler

HOUR = timedelta(hours=1)
YEAR = timedelta(days=366)


class Approval(BaseModel):
    by: str


def at(name: str, version: int, after: timedelta = HOUR, /, **data: Any) -> Event:
    return {**event(name, version, **data), "at": (NOW + after).isoformat()}


def signalled(version: int, name: str = "approved", after: timedelta = HOUR) -> Event:
    return at("JobSignalled", version, after, name=name, payload=version)


def suspended(version: int, *signals: str, after: timedelta = HOUR) -> Event:
    named = {"signals": list(signals)} if signals else {}
    return at("JobSuspended", version, after, attempt=1, until=(NOW + 3 * HOUR).isoformat(), ranMs=1, **named)


def recorded(version: int, *ids: str, count: int = 0) -> Event:
    steps = [{"name": f"step {id}", "signal": {"id": id, "name": "approved"}, "durationMs": 0} for id in ids]
    return event("JobStepsRecorded", version, attempt=1, **{"from": count}, steps=steps)


def state(*events: Event) -> JobState:
    job = fold([(one, sequence) for sequence, one in enumerate((CREATED, *events), 1)])
    assert job is not None
    return job


class Unread(unittest.TestCase):
    def test_a_signal_is_unread_until_a_step_has_read_it(self) -> None:
        job = state(signalled(2), at("JobStarted", 3, attempt=1, worker="w"), signalled(4, "note"), signalled(5))
        self.assertEqual(list(job.signals), ["JobSignalled-2", "JobSignalled-4", "JobSignalled-5"])
        first: Signal = {"id": "JobSignalled-2", "name": "approved", "payload": 2, "at": (NOW + HOUR).isoformat()}
        self.assertEqual(job.signals["JobSignalled-2"], first)
        read = job.after(recorded(6, "JobSignalled-2"), 6)
        self.assertEqual(list(read.signals), ["JobSignalled-4", "JobSignalled-5"])
        failed = read.after(event("JobRetryScheduled", 7, attempt=1, retryAt=NOW.isoformat()), 7)
        self.assertEqual(list(failed.signals), ["JobSignalled-4", "JobSignalled-5"])

    def test_steps_that_have_read_more_than_there_is_do_not_count(self) -> None:
        job = state(STARTED, signalled(3), recorded(4, "JobSignalled-3", "JobSignalled-9"))
        self.assertEqual((job.version, len(job.signals), job.steps_recorded), (3, 1, 0))

    def test_a_job_that_has_ended_takes_none(self) -> None:
        job = state(event("JobCancelled", 2), signalled(3))
        self.assertEqual((job.version, job.sequence, dict(job.signals)), (2, 3, {}))

    def test_a_job_is_carried_with_them(self) -> None:
        signal = {"id": "s", "name": "approved", "payload": None, "at": NOW.isoformat()}
        data = {"status": "waiting", "attempt": 1, "maxAttempts": 2, "timeoutMs": 30_000, "runAt": (NOW + 3 * HOUR).isoformat()}
        carried = event("JobCarriedWaiting", 9, **data, steps=[], signals=[signal], awaits=["note"])
        job = fold([(carried, 20)])
        assert job is not None
        self.assertEqual((dict(job.signals), job.awaits), ({"s": signal}, ("note",)))
        again = fold([(carried, 20), (event("JobCarriedWaiting", 10, **data, steps=[]), 21)])
        self.assertEqual(again and again.version, 9)
        called = fold([(carried, 20), (signalled(10, "note"), 21)])
        self.assertEqual(called and called.run_at, NOW + HOUR)

    def test_a_signal_is_read_from_the_log_only_if_it_has_a_name_and_a_time(self) -> None:
        subject = f"jobs.email.{JOB}.signalled"
        self.assertEqual(decode(subject, to_json(signalled(2)), {}), signalled(2))
        for wrong in (event("JobSignalled", 2), signalled(2, "two words"), {**signalled(2), "at": "soon"}):
            with self.assertRaises((ValueError, LookupError)):
                decode(subject, to_json(wrong), {})


class Calling(unittest.TestCase):
    def test_a_signal_makes_a_job_due_that_waits_for_it_and_goes_on_with_it(self) -> None:
        signal = signalled(4, after=2 * HOUR)
        job = state(STARTED, suspended(3, "approved"), signal)
        self.assertEqual((job.status, job.run_at), ("waiting", NOW + 2 * HOUR))
        self.assertEqual(plan(job, call(signal, sequence=4), NOW), "resume")  # whatever the clock says
        other = state(STARTED, suspended(3, "note"), signal)
        self.assertEqual(other.run_at, NOW + 3 * HOUR)
        self.assertEqual(plan(other, call(signal, sequence=4), NOW), "acknowledge")
        late = signalled(4, after=4 * HOUR)
        self.assertEqual(state(STARTED, suspended(3, "approved"), late).run_at, NOW + 3 * HOUR)

    def test_a_signal_that_overtakes_the_decision_to_wait_is_not_slept_through(self) -> None:
        signal = signalled(3)
        job = state(STARTED, signal, suspended(4, "approved", after=2 * HOUR))
        self.assertEqual((job.run_at, job.called_at(NOW + 2 * HOUR)), (NOW + 2 * HOUR, NOW + 2 * HOUR))
        self.assertEqual(plan(job, call(signal, sequence=3), NOW + 3 * HOUR), "acknowledge")  # the timer calls
        self.assertEqual(state(STARTED, signal, suspended(4)).run_at, NOW + 3 * HOUR)

    def test_it_starts_nothing_else(self) -> None:
        signal = signalled(2)
        before = state(signal)
        later = at("JobCreated", 1, payload=None, runAt=(NOW + 2 * HOUR).isoformat(), maxAttempts=2, timeoutMs=30_000)
        scheduled = JobState.first(later, 1).after(signal, 2)
        running = before.after(event("JobStarted", 3, attempt=1, worker="w", cause="JobCreated-1"), 3)
        carried = running.after(event("JobCarried", 4, status="processing", attempt=1), 4)
        retrying = running.after(event("JobRetryScheduled", 4, attempt=1, retryAt=NOW.isoformat()), 4)
        for job in (before, scheduled, running, carried, retrying):
            for delivery in (1, 2):
                with self.subTest(job.status, delivery=delivery):
                    self.assertEqual(plan(job, call(signal, sequence=2, delivery=delivery), NOW + 3 * HOUR), "acknowledge")

    def test_its_redelivery_tells_that_the_worker_is_lost_that_went_on_with_it(self) -> None:
        signal = signalled(4)
        resumed = at("JobResumed", 5, attempt=1, worker="v", cause="JobSignalled-4")
        job = state(STARTED, suspended(3, "approved"), signal, resumed)
        self.assertEqual(plan(job, call(signal, sequence=4), NOW), "hand back")
        self.assertEqual(plan(job, call(signal, sequence=4, delivery=2), NOW), "start")
        self.assertEqual(plan(job, call(signalled(4), sequence=9, delivery=2), NOW), "acknowledge")  # a copy
        released = job.after(event("JobReleased", 6, attempt=1), 6)
        self.assertEqual(plan(released, call(signal, sequence=4, delivery=2), NOW), "start")
        for left in (event("JobRetryScheduled", 6, attempt=1, retryAt=NOW.isoformat()), suspended(6, "approved")):
            self.assertEqual(plan(job.after(left, 6), call(signal, sequence=4, delivery=2), NOW + HOUR), "set timer")

    def test_an_attempt_is_not_before_the_signal_that_it_goes_on_with(self) -> None:
        appender = Appender.__new__(Appender)
        appender.clock = type("Clock", (), {"now": lambda self: NOW})()
        self.assertEqual(appender.time_of(call(signalled(2))), NOW + HOUR)
        self.assertEqual(appender.time_of(call(signalled(2, after=-HOUR))), NOW)

    def test_its_consumer_is_looked_for_with_those_of_the_priorities(self) -> None:
        consumers = late_consumers("email")
        [calls] = consumers.pop("signals")
        self.assertEqual((calls.stream, calls.name, calls.subject), ("JOBS", "calls-email", "jobs.email.*.signalled"))
        self.assertEqual(sorted(consumers), ["high", "low"])


class Attempt:
    """An attempt whose log is a list, at an instant that a test sets."""

    def __init__(self, *signals: str, known: Step | None = None, models: Mapping[str, Model | None] | None = None) -> None:
        self.recorded: list[Step] = []
        self.now = NOW
        self.why: str | None = None
        self.comes: str | None = None
        """The name of a signal that is stored before the next append."""
        self.has_come: str | None = None
        """The name of a signal that is stored already, and that the next look at the log finds."""
        self.ends = False
        """Whether the handler ends as steps are appended."""
        self.unread: dict[str, Signal] = {}
        for name in signals:
            self.send(name)
        takes = {"approved": None, "note": None} if models is None else models
        job = JobState(JOB, {}, 1, steps={} if known is None else {known["name"]: known})
        config = StepsConfig(
            self._append, self._why_not, lambda: self.now, unread=lambda: self.unread, signals=takes, refresh=self._refresh
        )
        self.steps = AttemptSteps(job, config)

    def send(self, name: str, payload: Any = None) -> None:
        id = f"{name} {len(self.unread)}"
        self.unread[id] = {"id": id, "name": name, "payload": payload or id, "at": NOW.isoformat()}

    async def _append(self, steps: list[Step]) -> None:
        if self.comes is not None:
            self.send(self.comes)
        self.comes = None
        self.recorded += steps
        if self.ends:
            self.ending = asyncio.create_task(self.steps.settled())

    async def _refresh(self) -> None:
        if self.has_come is not None:
            self.send(self.has_come)
        self.has_come = None

    async def _why_not(self, protocol: int) -> str | None:
        return self.why if protocol >= 8 else None

    async def wait_for(self, name: str, signal: str = "approved", timeout: Any = None, key: Any = None) -> Any:
        return await self.steps.wait_for(wait_call_of(name, signal, timeout, key))


def reading(name: str, id: str) -> Step:
    return {"name": name, "signal": {"id": id, "name": id.split()[0]}, "result": id, "durationMs": 0}


class Waiting(unittest.IsolatedAsyncioTestCase):
    async def test_signals_that_are_there_are_read_at_once_in_their_order(self) -> None:
        attempt = Attempt("approved", "note", "approved")
        self.assertEqual([await attempt.wait_for(name) for name in ("first", "second")], ["approved 0", "approved 2"])
        self.assertEqual(attempt.recorded, [reading("first", "approved 0"), reading("second", "approved 2")])
        self.assertIsNone(attempt.steps.suspension)

    async def test_the_run_ends_where_there_is_none(self) -> None:
        attempt = Attempt("note")
        with self.assertRaisesRegex(AttemptSuspended, "in the wait 'approval': .* by the signal 'approved'"):
            await attempt.wait_for("approval")
        self.assertEqual((attempt.steps.suspension, attempt.recorded), (Suspension(NOW + YEAR, ("approved",)), []))

    async def test_it_waits_for_the_first_of_what_is_awaited(self) -> None:
        attempt = Attempt()
        waits = [attempt.wait_for("one", "note", "2h"), attempt.wait_for("two", timeout="1d"), attempt.wait_for("three")]
        nap = attempt.steps.sleep(sleep_call_of("nap", "3h", None))
        await asyncio.gather(*waits, nap, return_exceptions=True)
        self.assertEqual(attempt.steps.suspension, Suspension(NOW + 2 * HOUR, ("approved", "note")))

    async def test_the_end_of_its_time_limit_is_recorded_and_a_later_run_waits_for_what_is_left(self) -> None:
        attempt = Attempt()
        with self.assertRaises(AttemptSuspended):
            await attempt.wait_for("approval", timeout="1h")
        [limited] = attempt.recorded
        self.assertEqual(limited, {"name": "approval", "waitsUntil": "2026-01-31T10:30:00.000Z", "durationMs": 0})
        later = Attempt(known=limited)
        later.now = NOW + HOUR / 2
        with self.assertRaises(AttemptSuspended):
            await later.wait_for("approval", timeout="1h")
        self.assertEqual((later.steps.suspension, later.recorded), (Suspension(NOW + HOUR, ("approved",)), []))
        over = Attempt(known=limited)
        over.now = NOW + HOUR
        self.assertIsNone(await over.wait_for("approval", timeout="1h"))
        self.assertEqual(over.recorded, [{"name": "approval", "durationMs": 0}])
        in_time = Attempt("approved", known=limited)
        in_time.now = NOW + HOUR
        self.assertEqual(await in_time.wait_for("approval", timeout="1h"), "approved 0")
        self.assertEqual(in_time.recorded, [reading("approval", "approved 0")])

    async def test_what_has_ended_is_found_again(self) -> None:
        self.assertEqual(await Attempt("approved", known=reading("approval", "approved 9")).wait_for("approval"), "approved 9")
        self.assertIsNone(await Attempt("approved", known={"name": "approval", "durationMs": 0}).wait_for("approval"))

    async def test_a_signal_that_comes_as_its_limit_is_recorded_is_read(self) -> None:
        attempt = Attempt()
        attempt.comes = "approved"
        self.assertEqual(await attempt.wait_for("approval", timeout="1h"), "approved 0")
        self.assertEqual(attempt.recorded[1:], [reading("approval", "approved 0")])

    async def test_a_signal_that_has_come_since_the_run_began_is_read_also_where_the_limit_is_over(self) -> None:
        limited: Step = {"name": "approval", "waitsUntil": "2026-01-31T09:00:00.000Z", "durationMs": 0}
        for known, timeout in ((limited, "1h"), (None, 0)):
            attempt = Attempt(known=known)
            attempt.has_come = "approved"
            self.assertEqual(await attempt.wait_for("approval", timeout=timeout), "approved 0")

    async def test_a_step_does_not_take_a_wait_for_itself(self) -> None:
        limited: Step = {"name": "approval", "waitsUntil": "2026-01-31T10:30:00.000Z", "durationMs": 0}
        for known in (limited, reading("approval", "approved 9")):
            with self.assertRaisesRegex(StepMisusedError, "the step 'approval' has the name of a wait of the job"):
                await Attempt(known=known).steps.run(step_call_of("approval", lambda step: True, None, 1, None))

    async def test_a_time_limit_may_be_over_while_something_else_is_being_done(self) -> None:
        attempt = Attempt()
        may_end = asyncio.Event()

        async def slow(step: StepContext) -> bool:
            return await may_end.wait()

        step = asyncio.create_task(attempt.steps.run(step_call_of("slow", slow, None, 1, None)))
        waiting = asyncio.create_task(attempt.wait_for("approval", timeout="1ms"))
        while not attempt.recorded:
            await asyncio.sleep(0)
        attempt.now = NOW + HOUR
        self.assertIsNone(await waiting)
        may_end.set()
        await step
        self.assertIsNone(attempt.steps.suspension)

    async def test_a_wait_that_begins_as_its_handler_ends_is_cancelled(self) -> None:
        attempt = Attempt()
        attempt.ends = True
        waiting = asyncio.create_task(attempt.wait_for("approval", timeout="1h"))
        await asyncio.wait({waiting}, timeout=10)
        self.assertTrue(waiting.cancelled())
        self.assertIsNone(attempt.steps.suspension)

    async def test_it_waits_for_processes_of_an_earlier_release(self) -> None:
        attempt = Attempt("approved")
        attempt.why = "old-1 lives"
        with unittest.mock.patch("jobstream.worker.steps.attempt_steps.UPGRADE_WAIT", 0):
            with self.assertRaisesRegex(Exception, "the wait 'approval' cannot be recorded yet: old-1 lives"):
                await attempt.wait_for("approval")
        self.assertEqual(attempt.recorded, [])


class Payloads(unittest.IsolatedAsyncioTestCase):
    async def test_a_payload_is_that_of_its_type(self) -> None:
        attempt = Attempt(models={"approved": model_of(Approval)})
        attempt.send("approved", {"by": "ada"})
        self.assertEqual(await attempt.wait_for("approval"), Approval(by="ada"))
        attempt.send("approved", {"by": 1})
        with self.assertRaisesRegex(UnrecoverableError, "signal 'approved' is invalid: /by") as raised:
            await attempt.wait_for("second")
        self.assertEqual(raised.exception.code, "SIGNAL_INVALID")
        self.assertEqual((attempt.steps.fault, len(attempt.recorded)), (raised.exception, 1))

    async def test_an_encrypted_one_is_left_to_other_workers(self) -> None:
        attempt = Attempt()
        header = "eyJraWQiOiIwMTkzYTNmMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMGJlZWYifQ"
        attempt.send("approved", {"$jwe": f"{header}..a.b.c"})
        with self.assertRaisesRegex(RuntimeError, "is encrypted"):
            await attempt.wait_for("approval")
        self.assertEqual(attempt.recorded, [])

    def test_signals_are_announced_with_the_schemas_of_their_payloads(self) -> None:
        worker = Worker()
        worker.handler("email", signals={"approved": Approval, "note": None})(handler)
        schemas = worker._types["email"].signal_schemas
        self.assertEqual((list(schemas), schemas["note"]), (["approved", "note"], None))
        self.assertEqual((schemas["approved"] or {})["required"], ["by"])

    def test_what_no_signal_may_be_called_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "the name of a signal of email to be .*, got: '2nd'"):
            signals_of("email", {"2nd": None})
        with self.assertRaisesRegex(ValueError, "at most 32 signals of email, got: 33"):
            signals_of("email", {f"s{number}": None for number in range(33)})


class Misuse(unittest.IsolatedAsyncioTestCase):
    async def test_a_wait_is_for_a_signal_that_the_type_takes_under_a_name_of_its_own(self) -> None:
        with self.assertRaisesRegex(StepMisusedError, "the signal 'other', but jobs of this type take 'approved', 'note'"):
            await Attempt().wait_for("approval", "other")
        sleep: Step = {"name": "approval", "result": "2026-01-31T10:30:00.000Z", "durationMs": 0}
        for known in (sleep, reading("approval", "note 1")):
            with self.assertRaisesRegex(StepMisusedError, "has the name of a step of the job that is no wait for 'approved'"):
                await Attempt("approved", known=known).wait_for("approval")
        attempt = Attempt("approved", "approved", "approved")
        await attempt.wait_for("approval")
        await attempt.wait_for("approval", key=1)
        for name, timeout in (("approval", None), ("", None), ("x", "367d"), ("y", "soon"), ("z", -1)):
            with self.subTest(name), self.assertRaises(StepMisusedError):
                await attempt.wait_for(name, timeout=timeout)

    async def test_the_work_of_a_step_does_not_wait(self) -> None:
        attempt = Attempt("approved")

        async def work(step: StepContext) -> Any:
            return await attempt.wait_for("within")

        with self.assertRaisesRegex(StepMisusedError, "the wait 'within' was begun within the step 'charge'"):
            await attempt.steps.run(step_call_of("charge", work, None, 1, None))
