"""What becomes of results and errors."""

from __future__ import annotations

import unittest
from datetime import timedelta
from typing import Any

from jobstream import InvalidPayloadError, RetryAfterError, UnrecoverableError
from jobstream.protocol.job import JobState
from jobstream.worker.outcome import LARGEST_RESULT, completion, error_data, failure, retry_wait
from jobstream.worker.progress import report_of


def job(attempt: int = 1, **backoff: Any) -> JobState:
    return JobState("id", {"data": {"maxAttempts": 3, "backoff": backoff}}, 1, attempt=attempt)


class Failures(unittest.TestCase):
    def test_the_class_of_the_error_decides(self) -> None:
        self.assertEqual(failure(ValueError("x"), job())[0], "JobRetryScheduled")
        self.assertEqual(failure(ValueError("x"), job(3))[1]["reason"], "attempts-exhausted")
        self.assertEqual(failure(UnrecoverableError("x"), job())[1]["reason"], "unrecoverable")
        self.assertEqual(failure(InvalidPayloadError("/to: missing"), job())[1]["reason"], "invalid-payload")

    def test_an_error_is_kept_as_every_reader_can_store_it(self) -> None:
        data = error_data(RuntimeError("a\0b\ud800" + "x" * 5000))
        self.assertEqual((data["name"], data["message"][:4], len(data["message"])), ("RuntimeError", "a\ufffdb?", 2048))

    def test_an_error_has_its_code_and_its_traceback(self) -> None:
        error = OSError("no such mailbox")
        error.code = 550  # type: ignore[attr-defined]
        try:
            raise error
        except OSError as raised:
            data = error_data(raised)
        self.assertEqual(data["code"], "550")
        self.assertIn("test_outcome.py", data["stack"])


class Results(unittest.TestCase):
    def test_what_is_no_json_or_too_large_is_refused(self) -> None:
        for result in (object(), float("nan"), "x" * (LARGEST_RESULT - 1), "\ud800"):
            with self.assertRaises(UnrecoverableError):
                completion(result)
        self.assertEqual(completion("x" * (LARGEST_RESULT - 2))[0], "JobCompleted")
        self.assertEqual(completion(None), ("JobCompleted", {}))


class Waits(unittest.TestCase):
    def test_backoff_grows_up_to_its_limit_and_is_shortened_by_jitter(self) -> None:
        rule = {"type": "exponential", "delayMs": 1000, "maxDelayMs": 6000, "jitter": 0}
        waits = [retry_wait(job(attempt, **rule), None).total_seconds() for attempt in (1, 2, 3, 4)]
        self.assertEqual(waits, [1, 2, 4, 6])
        with_jitter = retry_wait(job(1, **{**rule, "jitter": 1}), None)
        self.assertLessEqual(with_jitter, timedelta(seconds=1))

    def test_a_handler_may_ask_for_a_longer_wait(self) -> None:
        fixed: dict[str, Any] = {"type": "fixed", "delayMs": 5000}
        self.assertEqual(retry_wait(job(**fixed), RetryAfterError("busy", 60)), timedelta(minutes=1))
        self.assertEqual(retry_wait(job(**fixed), RetryAfterError("busy", 1)), timedelta(seconds=5))
        self.assertEqual(retry_wait(job(**fixed), RetryAfterError("busy", 1e9)), timedelta(days=30))


class Reports(unittest.TestCase):
    def test_a_wrong_number_does_not_fail_the_job(self) -> None:
        self.assertEqual(report_of(120, None), {"percent": 100})
        self.assertEqual(report_of(float("nan"), "half"), {"message": "half"})
