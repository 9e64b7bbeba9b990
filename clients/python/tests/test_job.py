"""The fold, and what a call for work means."""

from __future__ import annotations

import unittest
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from jobstream.protocol.call import Call, plan
from jobstream.protocol.events import COMPARED, EXPECTED, Event, NewerEventError, decode, is_checked, priority_of
from jobstream.protocol.events import subject_of, to_json
from jobstream.protocol.job import JobState, fold

JOB = "0193a3f0-0000-7000-8000-00000000beef"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def event(name: str, version: int, /, **data: Any) -> Event:
    return {
        "v": 1,
        "id": f"{name}-{version}",
        "event": name,
        "jobId": JOB,
        "jobType": "email",
        "version": version,
        "at": NOW.isoformat(),
        "causationId": data.pop("cause", None),
        "data": data,
    }


CREATED = event("JobCreated", 1, payload=None, maxAttempts=2, timeoutMs=30_000)
STARTED = event("JobStarted", 2, attempt=1, worker="w", cause="JobCreated-1")


def call(message: Event | None = None, *, sequence: int = 1, delivery: int = 1, **more: Any) -> Call:
    metadata = SimpleNamespace(sequence=SimpleNamespace(stream=sequence), num_delivered=delivery)
    msg: Any = SimpleNamespace(metadata=metadata, headers=None)
    return Call(msg, JOB, message, **more)


class Folding(unittest.TestCase):
    def test_counts_only_events_that_follow(self) -> None:
        history = [(CREATED, 1), (None, 4), (event("JobFailed", 7), 5), (STARTED, 6), (CREATED, 8)]
        job = fold(history)
        assert job is not None
        self.assertEqual((job.status, job.version, job.attempt, job.sequence), ("processing", 2, 1, 8))

    def test_begins_again_where_the_log_has_lost_events(self) -> None:
        carried = event("JobCarried", 9, status="retrying", attempt=3, maxAttempts=5, runAt=NOW.isoformat())
        job = fold([(CREATED, 1), (carried, 20)])
        assert job is not None
        self.assertEqual((job.status, job.attempt, job.called_from, job.dispatches), ("retrying", 3, 20, (20,)))

    def test_keeps_the_last_record_of_each_step_of_the_running_attempt(self) -> None:
        failed, paid = {"name": "pay", "error": {}}, {"name": "pay", "result": 1}
        history = [
            *((CREATED, 1), (STARTED, 2), (event("JobStepsRecorded", 3, attempt=1, **{"from": 0}, steps=[failed]), 3)),
            (event("JobStepsRecorded", 4, attempt=1, **{"from": 0}, steps=[{"name": "again"}]), 4),
            (event("JobStepsRecorded", 4, attempt=2, **{"from": 1}, steps=[{"name": "overtaken"}]), 5),
            (event("JobStepsRecorded", 4, attempt=1, **{"from": 1}, steps=[paid, {"name": "send", "key": "a"}]), 6),
        ]
        job = fold(history)
        assert job is not None
        self.assertEqual((job.steps, job.steps_recorded), ({"pay": paid, "send\na": {"name": "send", "key": "a"}}, 3))
        self.assertEqual((job.version, job.sequence), (4, 6))

    def test_another_payload_drops_the_steps_unless_they_are_kept(self) -> None:
        steps = event("JobStepsRecorded", 3, attempt=1, **{"from": 0}, steps=[{"name": "pay"}])
        before = [(CREATED, 1), (STARTED, 2), (steps, 3), (event("JobFailed", 4), 4)]
        kept = fold([*before, (event("JobPayloadChanged", 5, payload=1, keepSteps=True), 5)])
        dropped = fold([*before, (event("JobPayloadChanged", 5, payload=1), 5)])
        assert kept is not None and dropped is not None
        self.assertEqual((len(kept.steps), kept.steps_recorded, kept.generation), (1, 1, 0))
        self.assertEqual((len(dropped.steps), dropped.steps_recorded, dropped.generation), (0, 0, 1))

    def test_a_job_that_was_carried_has_its_steps(self) -> None:
        state = {"status": "processing", "attempt": 1, "maxAttempts": 5, "stepsRecorded": 2, "generation": 3}
        carried = event("JobCarriedWithSteps", 9, **state, steps=[{"name": "pay"}])
        job = fold([(carried, 20), (event("JobStepsRecorded", 10, attempt=1, **{"from": 2}, steps=[{"name": "b"}]), 21)])
        assert job is not None
        self.assertEqual((list(job.steps), job.steps_recorded, job.generation), (["pay", "b"], 3, 3))
        again = fold([(carried, 20), (event("JobCarriedWithSteps", 10, **{**state, "stepsRecorded": 1}, steps=[]), 21)])
        self.assertEqual(again and (again.version, again.called_from), (9, 20))

    def test_an_attempt_waits_and_goes_on_with_the_time_that_it_has_left(self) -> None:
        until, later = NOW + timedelta(hours=5), NOW + timedelta(days=1)
        suspended = event("JobSuspended", 3, attempt=1, until=until.isoformat(), ranMs=20_000)
        waiting = fold([(CREATED, 1), (STARTED, 2), (suspended, 3)])
        assert waiting is not None
        self.assertEqual((waiting.status, waiting.attempt, waiting.run_at, waiting.ran_ms), ("waiting", 1, until, 20_000))
        self.assertEqual(waiting.called_at(NOW), NOW + timedelta(hours=1))
        self.assertEqual(waiting.called_at(later), until)
        resumed = {**event("JobResumed", 4, attempt=1, worker="v", cause="timer:9"), "at": later.isoformat()}
        job = waiting.after(resumed, 4)
        self.assertEqual((job.status, job.attempt, job.worker, job.started_by), ("processing", 1, "v", "timer:9"))
        self.assertEqual((job.run["runId"], job.over_at), ("JobResumed-4", later + timedelta(seconds=70)))
        again = fold([(CREATED, 1), (STARTED, 2), (suspended, 3), (resumed, 4), (event("JobStarted", 5, attempt=2, worker="w"), 5)])
        assert again is not None
        self.assertEqual((again.ran_ms, again.over_at), (0, NOW + timedelta(seconds=90)))

    def test_only_a_running_attempt_is_suspended_and_only_one_that_waits_goes_on(self) -> None:
        suspended = event("JobSuspended", 3, attempt=2, until=NOW.isoformat(), ranMs=0)
        resumed = event("JobResumed", 3, attempt=1, worker="v")
        carried = event("JobCarriedWaiting", 3, status="waiting", attempt=1, steps=[])
        for wrong in (suspended, resumed, carried):
            job = fold([(CREATED, 1), (STARTED, 2), (wrong, 3)])
            self.assertEqual(job and (job.status, job.version), ("processing", 2))

    def test_a_job_that_waits_is_carried_by_an_event_of_its_own(self) -> None:
        state = {"status": "waiting", "attempt": 2, "maxAttempts": 5, "timeoutMs": 30_000, "runAt": NOW.isoformat(), "ranMs": 29_999.5}
        carried = event("JobCarriedWaiting", 9, **state, startedAt=NOW.isoformat(), stepsRecorded=1, steps=[{"name": "trial"}])
        self.assertEqual(subject_of(carried), f"jobs.email.{JOB}.carried-waiting")
        job = fold([(carried, 20)])
        assert job is not None
        self.assertEqual((job.status, job.run_at, list(job.steps), job.called_from), ("waiting", NOW, ["trial"], 20))
        self.assertEqual(job.time_left, timedelta(milliseconds=1))
        again = fold([(carried, 20), (event("JobCarriedWaiting", 10, **state, stepsRecorded=1, steps=[]), 21)])
        self.assertEqual(again and (again.version, again.called_from), (10, 21))
        other = fold([(carried, 20), (event("JobCarried", 10, **state), 21)])
        self.assertEqual(other and other.version, 9)

    def test_is_unreadable_when_a_newer_release_has_begun_it(self) -> None:
        newer = {"event": "?", "name": "JobEnlisted", "version": 1, "jobId": JOB, "jobType": "email"}
        job = fold([(newer, 1), (event("JobStarted", 2), 2)])
        self.assertEqual(("unknown", True), (job.status, job.is_unreadable))  # type: ignore[union-attr]
        created = fold([(newer, 1), (CREATED, 2)])
        self.assertEqual(("pending", False), (created.status, created.is_unreadable))  # type: ignore[union-attr]

    def test_tells_a_first_event_of_a_newer_release_from_junk(self) -> None:
        first = {EXPECTED: "0", COMPARED: f"jobs.*.{JOB}.>"}
        enlisted = {"event": "?", "name": "JobEnlisted", "version": 1, "jobId": JOB, "jobType": "email"}
        self.assertTrue(is_checked(first, enlisted))
        self.assertFalse(is_checked({EXPECTED: "0"}, enlisted))
        self.assertFalse(is_checked(first, {**enlisted, "name": "JobStarted"}))

    def test_is_unreadable_behind_an_event_of_a_newer_release_until_it_is_discarded(self) -> None:
        newer = {"event": "?", "version": 2}
        requeued = event("JobRequeued", 3, discarded=1)
        self.assertTrue(fold([(CREATED, 1), (newer, 2)]).is_unreadable)  # type: ignore[union-attr]
        self.assertFalse(fold([(CREATED, 1), (newer, 2), (requeued, 3)]).is_unreadable)  # type: ignore[union-attr]

    def test_runs_now_what_an_operator_does_not_let_wait(self) -> None:
        later = (NOW + timedelta(hours=1)).isoformat()
        job = fold([({**CREATED, "data": {"runAt": later}}, 1), (event("JobDueNow", 2), 2)])
        assert job is not None
        self.assertEqual((job.status, job.run_at, job.dispatches), ("scheduled", NOW, (1,)))

    def test_has_the_payload_that_was_put_in_the_place_of_the_first(self) -> None:
        changed = event("JobPayloadChanged", 3, payload={"to": "b"})
        job = fold([(CREATED, 1), (event("JobCancelled", 2), 2), (changed, 3)])
        assert job is not None
        self.assertEqual(job.created["data"], {"payload": {"to": "b"}, "maxAttempts": 2, "timeoutMs": 30_000})
        self.assertEqual(subject_of(changed), f"jobs.email.{JOB}.payload-changed")

    def test_has_the_priority_that_it_was_created_or_requeued_with_or_was_given(self) -> None:
        high = event("JobCreatedWithPriority", 1, priority="high", maxAttempts=2)
        given = event("JobPriorityChanged", 2, priority="low")
        failed, again = event("JobFailed", 3), event("JobRequeuedWithPriority", 4, priority="high")
        history = [(high, 3), (given, 5), (failed, 6), (again, 8), (event("JobCancelled", 5), 9), (event("JobRequeued", 6), 10)]
        states = [fold(history[: count + 1]) for count in range(len(history))]
        self.assertEqual([one and one.priority for one in states], ["high", "low", "low", "high", "high", None])
        last = states[-1]
        assert last is not None
        self.assertEqual((last.called_from, last.dispatches, last.attempt), (5, (3, 8, 10), 0))

    def test_has_the_priority_with_which_it_was_carried(self) -> None:
        carried = event("JobCarried", 9, status="pending", attempt=0, priority="low")
        self.assertEqual(fold([(carried, 20)]).priority, "low")  # type: ignore[union-attr]
        self.assertIsNone(fold([(event("JobCreated", 1, priority="low"), 1)]).priority)  # type: ignore[union-attr]

    def test_is_revised_before_its_first_attempt(self) -> None:
        later = NOW + timedelta(hours=1)
        revised = event("JobRevised", 2, payload={"to": "b"}, runAt=later.isoformat())
        job = fold([(CREATED, 1), (revised, 2)])
        assert job is not None
        self.assertEqual((job.status, job.run_at, job.created["data"]["payload"]), ("scheduled", later, {"to": "b"}))
        self.assertEqual(plan(job, call(CREATED), NOW), "set timer")
        first = event("JobCreated", 1, payload="a")
        due = fold([(first, 1), (event("JobRevised", 2, runAt=NOW.isoformat()), 2)])
        assert due is not None
        self.assertEqual((due.status, due.created["data"]), ("pending", {"payload": "a"}))


class Planning(unittest.TestCase):
    def state(self, *events: Event) -> JobState:
        job = fold((found, sequence) for sequence, found in enumerate((CREATED, *events), start=1))
        assert job is not None
        return job

    def test_a_redelivery_takes_over_from_a_lost_worker_or_gives_up(self) -> None:
        again = call(CREATED, delivery=2)
        self.assertEqual(plan(self.state(STARTED), again, NOW), "start")
        last = event("JobStarted", 2, attempt=2, worker="w", cause="JobCreated-1")
        self.assertEqual(plan(self.state(last), again, NOW), "give up")
        self.assertEqual(plan(self.state(STARTED), call(CREATED), NOW), "hand back")

    def test_a_timer_that_fired_starts_a_retry_whatever_the_clock_says(self) -> None:
        retry = event("JobRetryScheduled", 3, attempt=1, retryAt=(NOW + timedelta(hours=1)).isoformat())
        job = self.state(STARTED, retry)
        self.assertEqual(plan(job, call(sequence=9, fired_for=NOW + timedelta(hours=1)), NOW), "start")
        self.assertEqual(plan(job, call(sequence=9), NOW), "set timer")
        self.assertEqual(plan(job, call(CREATED, delivery=2), NOW + timedelta(hours=2)), "set timer")

    def test_a_timer_of_this_wait_starts_the_retry_although_it_was_delivered_before(self) -> None:
        retry = event("JobRetryScheduled", 3, attempt=1, retryAt=NOW.isoformat())
        job = self.state(STARTED, retry)
        self.assertEqual(plan(job, call(sequence=9, delivery=2, fired_for=NOW), NOW), "start")
        earlier = NOW - timedelta(seconds=1)
        self.assertEqual(plan(job, call(sequence=9, delivery=2, fired_for=earlier), NOW), "set timer")

    def test_a_wait_ends_by_its_timer_only(self) -> None:
        until = NOW + timedelta(hours=3)
        suspended = event("JobSuspended", 3, attempt=1, until=until.isoformat(), ranMs=1)
        job = self.state(STARTED, suspended)
        self.assertEqual(plan(job, call(sequence=9, fired_for=until), NOW), "resume")
        self.assertEqual(plan(job, call(sequence=9, delivery=2, fired_for=until), NOW), "resume")
        self.assertEqual(plan(job, call(sequence=9, fired_for=NOW + timedelta(hours=1)), NOW), "set timer")
        self.assertEqual(plan(job, call(CREATED, delivery=2), until), "set timer")
        last = event("JobStarted", 2, attempt=2, worker="w", cause="timer:5")
        of_last = self.state(last, event("JobSuspended", 3, attempt=2, until=until.isoformat(), ranMs=1))
        self.assertEqual(plan(of_last, call(sequence=9, fired_for=until), NOW), "resume")
        self.assertEqual(plan(of_last, call(sequence=5, delivery=2, fired_for=NOW), until), "set timer")

    def test_an_attempt_of_another_message_is_watched_until_it_must_be_over(self) -> None:
        job, over_at = self.state(STARTED), NOW + timedelta(seconds=90)
        self.assertEqual(job.over_at, over_at)
        self.assertEqual(plan(job, call(event("JobRequeued", 4), sequence=1), NOW), "watch")
        self.assertEqual(plan(job, call(sequence=9, fired_for=NOW), NOW), "hand back")
        self.assertEqual(plan(job, call(sequence=9, delivery=2, fired_for=NOW), over_at), "watch")
        self.assertEqual(plan(job, call(sequence=9, fired_for=over_at), NOW), "start")

    def test_a_call_from_before_a_change_of_the_priority_is_made_again_with_that(self) -> None:
        lowered = event("JobPriorityChanged", 2, priority="low")
        job = self.state(lowered)
        self.assertEqual(plan(job, call(CREATED), NOW), "set timer")
        self.assertEqual(plan(job, call(sequence=9, fired_for=NOW), NOW), "set timer")
        self.assertEqual(plan(job, call(sequence=9, fired_for=NOW, priority="low"), NOW), "start")
        running = self.state(lowered, event("JobStarted", 3, attempt=1, worker="other"))
        self.assertEqual(plan(running, call(CREATED), NOW), "acknowledge")
        self.assertEqual(plan(running, call(sequence=9, fired_for=NOW), NOW), "hand back")
        carried = self.state(lowered, event("JobCarried", 3))
        self.assertEqual(plan(carried, call(CREATED), NOW), "acknowledge")

    def test_acknowledges_what_is_no_call_for_work_any_more(self) -> None:
        self.assertEqual(plan(self.state(event("JobCancelled", 2)), call(CREATED), NOW), "acknowledge")
        self.assertEqual(plan(self.state(), call(CREATED, sequence=5), NOW), "acknowledge")


class Decoding(unittest.TestCase):
    headers = {"Nats-Expected-Last-Subject-Sequence": "0"}

    def test_reads_an_event_on_its_own_subject_only(self) -> None:
        self.assertEqual(decode(subject_of(CREATED), to_json(CREATED), self.headers), CREATED)
        with self.assertRaises(ValueError):
            decode(subject_of(STARTED), to_json(CREATED), self.headers)

    def test_refuses_a_copied_creation(self) -> None:
        with self.assertRaises(ValueError):
            decode(subject_of(CREATED), to_json(CREATED), {"Nats-Expected-Last-Subject-Sequence": "7"})

    def test_reads_a_priority_only_on_the_subject_that_ends_with_it(self) -> None:
        high = event("JobCreatedWithPriority", 1, priority="high")
        compared = {**self.headers, COMPARED: f"jobs.*.{JOB}.>"}
        subject = f"jobs.email.{JOB}.high"
        self.assertEqual((subject_of(high), priority_of(decode(subject, to_json(high), compared))), (subject, "high"))
        again = event("JobRequeuedWithPriority", 4, priority="high")
        self.assertEqual(decode(subject, to_json(again), {}), again)
        urgent = event("JobCreatedWithPriority", 1, priority="urgent")
        for wrong, token in ((high, "low"), (high, "created"), (urgent, "urgent")):
            with self.assertRaises(ValueError):
                decode(f"jobs.email.{JOB}.{token}", to_json(wrong), compared)
        with self.assertRaises(ValueError):
            decode(subject, to_json(high), self.headers)
        wrong = event("JobPriorityChanged", 2, priority="urgent")
        with self.assertRaises(ValueError):
            decode(subject_of(wrong), to_json(wrong), {})

    def test_tells_events_of_a_newer_release_from_junk(self) -> None:
        with self.assertRaises(ValueError):
            decode(f"jobs.email.{JOB}.high", to_json(event("JobMerged", 2)), {})
        newer = event("JobMerged", 2)
        with self.assertRaises(NewerEventError):
            decode(f"jobs.email.{JOB}.merged", to_json(newer), {})
        with self.assertRaises(ValueError):
            decode(f"jobs.email.{JOB}.completed", to_json(newer), {})
