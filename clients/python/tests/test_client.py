"""The clients, against a server that answers as a test says."""

from __future__ import annotations

import asyncio
import json
import threading
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jobstream import Client, ConflictError, InvalidRequestError, JobFailedError, SyncClient, UnavailableError
from jobstream.client.requests import create_request
from jobstream.client.transport import Transport

Answer = tuple[int, dict[str, Any], dict[str, str]]


def job(status: str, **more: Any) -> Answer:
    times = {"createdAt": "2026-01-31T09:30:00Z", "updatedAt": "2026-01-31T09:30:00Z"}
    return 200, {"id": "1", "type": "email", "status": status, "version": 1, **times, **more}, {}


def problem(status: int, code: str, **more: Any) -> Answer:
    return status, {"type": f"urn:jobstream:problem:{code}", "title": code, **more}, {"retry-after": "0"}


def busy(seconds: int) -> Answer:
    status, fields, _ = problem(503, "stopping")
    return status, fields, {"retry-after": str(seconds)}


class Api:
    """Gives the answers in their order, and keeps the requests."""

    def __init__(self, url: str, answers: list[Answer]) -> None:
        self.url, self.answers = url, answers
        self.requests: list[tuple[str, dict[str, str], Any]] = []


@contextmanager
def api(*answers: Answer) -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            served.requests.append((f"{self.command} {self.path}", headers, json.loads(body) if body else None))
            status, fields, more = served.answers.pop(0)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(fields).encode())

        do_GET = do_POST

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Api(f"http://127.0.0.1:{server.server_port}", list(answers))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Enqueueing(unittest.TestCase):
    def test_sends_what_was_asked_for_in_milliseconds(self) -> None:
        with api(job("scheduled")) as served:
            client = SyncClient(served.url, credentials=lambda: "secret")
            created = client.enqueue("email", {"to": "a"}, delay=1.5, timeout=60, tags=("x",), idempotency_key="k")
        [(asked, headers, body)] = served.requests
        self.assertEqual((created.status, asked), ("scheduled", "POST /api/jobs"))
        self.assertEqual((headers["authorization"], headers["idempotency-key"]), ("Bearer secret", "k"))
        expected = {"type": "email", "payload": {"to": "a"}, "delayMs": 1500, "timeoutMs": 60000, "tags": ["x"]}
        self.assertEqual(body, expected)

    def test_what_the_api_says_of_a_job_is_logged_once(self) -> None:
        detail = "no worker has announced the type emial; did you mean email?"
        warned = job("pending", warnings=[{"code": "unknown-type", "pointer": "/type", "detail": detail}])
        with api(warned, warned, job("pending")) as served, self.assertLogs("jobstream", "WARNING") as logged:
            client = SyncClient(served.url)
            created = [client.enqueue("emial"), client.enqueue("emial"), client.enqueue("email")]
        self.assertEqual(logged.output, [f"WARNING:jobstream:POST /api/jobs: {detail}"])
        self.assertEqual([len(one.warnings) for one in created], [1, 1, 0])
        self.assertEqual(created[0].warnings[0]["code"], "unknown-type")

    def test_a_job_says_which_settings_its_definition_gave(self) -> None:
        by_definition = {"settings": ["maxAttempts"], "worker": "mailer-1"}
        with api(job("pending", byDefinition=by_definition), job("pending")) as served:
            client = SyncClient(served.url)
            self.assertEqual([client.get("1").by_definition for _ in range(2)], [by_definition, None])

    def test_a_job_that_holds_the_unique_key_is_returned(self) -> None:
        rule = {"by": ["payload.to"], "while": "waiting"}
        with api(job("pending"), job("pending", existing=True, revised=True), job("pending", unique=rule)) as served:
            client = SyncClient(served.url)
            created = [client.enqueue("email", {"to": "a"}, unique=rule) for _ in range(2)]
            shown = client.get(created[0].id)
        self.assertEqual([body["unique"] for _, _, body in served.requests[:2]], [rule, rule])
        self.assertEqual([one.existing for one in created], [False, True])
        self.assertEqual([one.revised for one in created], [False, True])
        self.assertEqual((shown.unique, created[0].unique), (rule, None))

    def test_a_priority_is_sent_and_shown_and_can_be_changed(self) -> None:
        with api(job("pending"), job("pending", priority="high"), job("pending", priority="low")) as served:
            client = SyncClient(served.url)
            created = client.enqueue("email", priority="high")
            shown, changed = client.get("1"), client.change_priority(created, "low", reason="it can wait")
        self.assertEqual([one.priority for one in (created, shown, changed)], ["normal", "high", "low"])
        (_, _, body), _, (asked, _, change) = served.requests
        self.assertEqual((body["priority"], asked), ("high", "POST /api/jobs/1/priority"))
        self.assertEqual(change, {"priority": "low", "reason": "it can wait"})

    def test_that_can_be_turned_off(self) -> None:
        warned = job("pending", warnings=[{"code": "unknown-type", "pointer": "/type", "detail": "no worker"}])
        with api(warned) as served, self.assertNoLogs("jobstream"):
            self.assertEqual(len(SyncClient(served.url, job_warnings=False).enqueue("emial").warnings), 1)

    def test_repeats_with_the_same_key_while_the_api_is_busy(self) -> None:
        with api(problem(503, "log-overloaded"), job("pending")) as served:
            SyncClient(served.url).enqueue("email")
        keys = [headers["idempotency-key"] for _, headers, _ in served.requests]
        self.assertEqual((len(keys), len(set(keys))), (2, 1))

    def test_a_wait_is_warned_of_once_until_something_is_answered(self) -> None:
        answers = [busy(2), busy(0), busy(0), job("pending")]
        with api(*answers, *answers) as served, self.assertLogs("jobstream", "WARNING") as logged:
            client = SyncClient(served.url)
            for _ in range(2):
                client.enqueue("email")
        self.assertEqual(len(served.requests), 8)
        sentence = "WARNING:jobstream:POST /api/jobs: 503 stopping. Trying again for 30 s."
        self.assertEqual(logged.output, [sentence, sentence])

    def test_a_request_that_is_given_up_within_two_seconds_has_warned_of_nothing(self) -> None:
        abandoned = threading.Event()
        abandoned.set()
        with api(busy(20)) as served, self.assertNoLogs("jobstream"):
            with self.assertRaises(UnavailableError):
                Transport(served.url, None, 30).ask(create_request("email", None, {}), abandoned)

    def test_a_time_without_zone_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "time zone"):
            SyncClient("http://jobs.test").enqueue("email", run_at=datetime(2026, 1, 1))


class Refusals(unittest.TestCase):
    def test_each_reaction_of_a_caller_has_its_class(self) -> None:
        mistake = {"errors": [{"pointer": "/type", "detail": "must be a job type"}]}
        with api(problem(422, "invalid-request", **mistake), problem(409, "illegal-transition")) as served:
            client = SyncClient(served.url)
            with self.assertRaisesRegex(InvalidRequestError, "/type must be a job type"):
                client.enqueue("E-Mail")
            with self.assertRaises(ConflictError) as raised:
                client.cancel("1", reason="no")
        self.assertEqual((raised.exception.code, raised.exception.status), ("illegal-transition", 409))

    def test_the_name_of_a_header_has_a_colon(self) -> None:
        mistake = {"errors": [{"header": "Idempotency-Key", "detail": "the first request had another body"}]}
        with api(problem(422, "idempotency-key-reused", **mistake)) as served:
            with self.assertRaisesRegex(InvalidRequestError, "Idempotency-Key: the first request had another body"):
                SyncClient(served.url).enqueue("email", idempotency_key="k")

    def test_a_retry_is_not_repeated_when_it_may_have_taken_effect(self) -> None:
        with api((502, {}, {}), job("pending")) as served:
            with self.assertRaises(UnavailableError) as raised:
                SyncClient(served.url).retry("1")
        self.assertTrue(raised.exception.outcome_unknown)
        self.assertEqual(len(served.requests), 1)

    def test_no_answer_is_unavailable(self) -> None:
        with api() as served:
            pass
        with self.assertRaisesRegex(UnavailableError, "cannot be reached: the connection was refused"):
            SyncClient(served.url, retry_for=0).get("1")


class Repetitions(unittest.IsolatedAsyncioTestCase):
    async def test_another_payload_is_sent_only_where_one_is_given(self) -> None:
        with api(*[job("pending")] * 4) as served:
            client = Client(served.url)
            await client.retry("1")
            await client.retry("1", payload=None, reason="mended")
            await client.run_now("1", reason="urgent")
            SyncClient(served.url).run_now("1")
        self.assertEqual(
            [(asked, body) for asked, _, body in served.requests],
            [
                ("POST /api/jobs/1/retry", {}),
                ("POST /api/jobs/1/retry", {"payload": None, "reason": "mended"}),
                ("POST /api/jobs/1/run-now", {"reason": "urgent"}),
                ("POST /api/jobs/1/run-now", {}),
            ],
        )

    def test_a_rerun_is_repeated_with_the_same_key_and_names_the_first_job(self) -> None:
        with api(problem(503, "log-overloaded"), job("pending", rerunOf="0", waitingFor={"reason": "queue"})) as served:
            created = SyncClient(served.url).rerun("0", payload={"to": "b"})
        self.assertEqual((created.rerun_of, created.waiting_for), ("0", {"reason": "queue"}))
        keys = [headers["idempotency-key"] for _, headers, _ in served.requests]
        self.assertEqual((len(keys), len(set(keys))), (2, 1))
        self.assertEqual(served.requests[1][2], {"payload": {"to": "b"}})


    async def test_a_signal_is_repeated_with_its_key(self) -> None:
        waiting = {"reason": "signal", "names": ["approved"]}
        with api(problem(503, "log-overloaded"), job("waiting", waitingFor=waiting), job("pending")) as served:
            sent = await Client(served.url).signal("1", "approved", {"by": "ada"})
            SyncClient(served.url).signal(sent, "note", idempotency_key="approval-4711")
        self.assertEqual(sent.waiting_for, waiting)
        approved = ("POST /api/jobs/1/signals/approved", {"payload": {"by": "ada"}})
        noted = ("POST /api/jobs/1/signals/note", {"payload": None})
        self.assertEqual([(asked, body) for asked, _, body in served.requests], [approved, approved, noted])
        keys = [headers["idempotency-key"] for _, headers, _ in served.requests]
        self.assertEqual((keys[1], keys[2]), (keys[0], "approval-4711"))


class Waiting(unittest.IsolatedAsyncioTestCase):
    async def test_asks_until_the_job_has_ended(self) -> None:
        with api(job("processing"), job("completed", result=7)) as served:
            self.assertEqual(await Client(served.url).result("1"), 7)
        self.assertEqual({asked for asked, _, _ in served.requests}, {"GET /api/jobs/1?wait=25000ms"})

    async def test_a_failed_job_has_no_result(self) -> None:
        error = {"name": "ValueError", "message": "bad address"}
        with api(job("failed", error=error)) as served:
            with self.assertRaisesRegex(JobFailedError, "ValueError: bad address"):
                await Client(served.url).result("1")

    async def test_a_wait_ends_at_its_timeout_and_when_it_is_cancelled(self) -> None:
        with api(*[job("processing")] * 20) as served:
            with self.assertRaisesRegex(TimeoutError, "job 1 did not end within 0.3 seconds"):
                await Client(served.url).wait("1", timeout=0.3)
            with self.assertRaises(TimeoutError):
                SyncClient(served.url).wait("1", timeout=0.3)
            waiting = asyncio.create_task(Client(served.url).wait("1"))
            await asyncio.sleep(0)
            waiting.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waiting
