"""Settings and handlers: mistakes of the program are told when a worker is made, not when it runs."""

from __future__ import annotations

import base64
import sys
import unittest
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel

from jobstream import InvalidPayloadError, JobContext, UnrecoverableError, Worker
from jobstream.worker.job_type import JobType, defaults_of, is_encrypted, model_of
from jobstream.worker.settings import Given, misspelt_variables, resolve_settings


class Email(BaseModel):
    to: str
    copies: int = 1


async def handler(payload: Any, ctx: JobContext) -> None: ...


class Settings(unittest.TestCase):
    def test_what_the_program_gives_wins_over_the_environment(self) -> None:
        environment = {"WORKER_CONCURRENCY": "3", "ACK_WAIT_MS": "2000", "NATS_URL": "nats://a, nats://u:p@b"}
        settings = resolve_settings(Given(concurrency=7), environment)
        self.assertEqual((settings.concurrency, settings.ack_wait, settings.slot_wait), (7, 2.0, 30.0))
        self.assertEqual(settings.servers, ("nats://a", "nats://u:p@b"))
        self.assertFalse(settings.is_anonymous)

    def test_a_mistake_is_one_sentence(self) -> None:
        for given, environment, sentence in (
            (Given(concurrency=0), {}, "concurrency (WORKER_CONCURRENCY) to be a positive integer, got: 0"),
            (Given(), {"WORKER_CONCURRENCY": "many"}, "to be a positive integer, got: many"),
            (Given(ack_wait=0.1), {}, "to be 0.5 to 3600 seconds, got: 0.1"),
            (Given(), {"SHUTDOWN_GRACE_MS": "-1"}, "got: -1"),
            (Given(), {"SLOT_WAIT_MS": "3600001"}, "slot_wait (SLOT_WAIT_MS) to be 0 to 3600 seconds, got: 3600.001"),
        ):
            with self.assertRaises(ValueError) as raised:
                resolve_settings(given, environment)
            self.assertIn(sentence, str(raised.exception))

    def test_misspelt_variables_are_named_and_those_of_others_are_not(self) -> None:
        for name, meant in (("WORKER_CONCURENCY", "WORKER_CONCURRENCY"), ("NATS_ULR", "NATS_URL")):
            sentence = f"{name} is not a setting and has no effect: is {meant} meant?"
            self.assertEqual(misspelt_variables({name: "1"}), [sentence])
        others = ("NATS_TOKEN", "NATS_CERT", "NATS_HOST", "GNATS_URL", "WORKER_ID", "WORKER_TYPES", "LOG_LEVEL", "PATH")
        self.assertEqual(misspelt_variables(dict.fromkeys(others, "x")), [])
        self.assertEqual(misspelt_variables({"NATS_URL": "nats://here", "NATS_URI": "nats://there"}), [])


class Handlers(unittest.TestCase):
    def test_a_handler_must_be_async_and_its_type_new_and_well_formed(self) -> None:
        worker = Worker()
        worker.handler("email")(handler)
        with self.assertRaisesRegex(ValueError, "has a handler already"):
            worker.handler("email")(handler)
        with self.assertRaisesRegex(ValueError, "expected a job type"):
            worker.handler("E-Mail")(handler)
        with self.assertRaisesRegex(TypeError, "must be an async function"):
            worker.handler("sms")(lambda payload, ctx: None)  # type: ignore[type-var]

    def test_settings_of_a_definition_are_those_that_are_given(self) -> None:
        backoff = {"type": "fixed", "delayMs": 50}
        announced = {"maxAttempts": 4, "backoff": backoff, "timeoutMs": 1500}
        self.assertEqual(defaults_of("email", 4, 1.5, backoff), announced)
        self.assertEqual(defaults_of("email", None, 60, None), {"timeoutMs": 60_000})
        self.assertIsNone(defaults_of("email", None, None, None))

    def test_a_setting_that_no_job_may_have_is_refused(self) -> None:
        worker = Worker()
        with self.assertRaisesRegex(ValueError, "max_attempts of email to be 1 to 1000, got: 0"):
            worker.handler("email", max_attempts=0)(handler)
        with self.assertRaisesRegex(ValueError, "timeout of email to be .* seconds, got: 0"):
            worker.handler("email", timeout=0)(handler)
        with self.assertRaisesRegex(ValueError, "backoff of email to have the type"):
            worker.handler("email", backoff={"type": "linear"})(handler)

    def test_payload_and_result_follow_their_models(self) -> None:
        job_type = JobType("email", handler, model_of(Email), None, model_of(list[int]), 1)
        self.assertEqual(job_type.read_payload({"to": "a"}), Email(to="a"))
        with self.assertRaisesRegex(InvalidPayloadError, "^/to: Field required$"):
            job_type.read_payload({})
        self.assertEqual(job_type.read_result([1]), [1])
        with self.assertRaises(UnrecoverableError):
            job_type.read_result(["one"])

    def test_a_model_is_a_result_too(self) -> None:
        job_type = JobType("email", handler, None, None, None, 1)
        self.assertEqual(job_type.read_result(Email(to="a")), {"to": "a", "copies": 1})


class Encrypted(unittest.TestCase):
    def test_only_a_text_of_this_job_is_its_encrypted_payload(self) -> None:
        header = base64.urlsafe_b64encode(b'{"alg":"dir","enc":"A256GCM","kid":"job-1"}').decode().rstrip("=")
        self.assertTrue(is_encrypted({"$jwe": f"{header}..a.b.c"}, "job-1"))
        self.assertFalse(is_encrypted({"$jwe": f"{header}..a.b.c"}, "job-2"))
        others: list[Any] = [None, [], {"$jwe": 1}, {"$jwe": "no header"}]
        for payload in others:
            self.assertFalse(is_encrypted(payload, "job-1"))


class WithoutPydantic(unittest.TestCase):
    def test_a_payload_type_says_what_to_install(self) -> None:
        with patch.dict(sys.modules, {"pydantic": None}):
            Worker().handler("email")(handler)
            with self.assertRaisesRegex(TypeError, r"pip install 'jobstream\[pydantic\]'"):
                Worker().handler("email", payload=Email)(handler)


class Starting(unittest.IsolatedAsyncioTestCase):
    async def test_a_worker_without_handlers_does_not_start(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "no handlers"):
            await Worker().start()
