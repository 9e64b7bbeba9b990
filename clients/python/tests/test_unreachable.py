"""Programs that find nobody: each says in one line which address, why, and what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
import unittest
from typing import Any
from unittest.mock import patch

from jobstream import Client, SyncClient, UnavailableError, Worker
from jobstream.client.requests import create_request
from jobstream.client.transport import Transport


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


PROGRAM = textwrap.dedent("""
    import asyncio, logging, sys
    from jobstream import Worker
    if "--debug" in sys.argv:
        logging.basicConfig(level="DEBUG")
    worker = Worker()

    @worker.handler("email")
    async def email(payload, ctx): ...

    asyncio.run(worker.run())
""")


def run_worker(*args: str, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "-c", PROGRAM, *args]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Workers(unittest.IsolatedAsyncioTestCase):
    def test_a_refused_connection_is_one_line_without_the_password(self) -> None:
        port = free_port()
        code, output = run_worker(NATS_URL=f"nats://worker:secret@127.0.0.1:{port}")
        sentence = f"NATS at nats://127.0.0.1:{port} cannot be reached: the connection was refused."
        self.assertEqual((code, output), (1, f"{sentence} Start it, or correct NATS_URL.\n"))

    def test_the_traceback_is_there_at_debug(self) -> None:
        code, output = run_worker("--debug", NATS_URL=f"nats://127.0.0.1:{free_port()}")
        self.assertEqual(code, 1)
        self.assertIn("DEBUG:jobstream:the worker could not start\nTraceback", output)

    def test_a_mistake_in_the_environment_is_one_line_and_exit_code_2(self) -> None:
        code, output = run_worker(WORKER_CONCURRENCY="many")
        sentence = "expected concurrency (WORKER_CONCURRENCY) to be a positive integer, got: many"
        self.assertEqual((code, output), (2, f"{sentence}\n"))

    def test_a_misspelt_setting_is_warned_of(self) -> None:
        code, output = run_worker(WORKER_CONCURENCY="4", NATS_URL=f"nats://127.0.0.1:{free_port()}")
        sentence = "WORKER_CONCURENCY is not a setting and has no effect: is WORKER_CONCURRENCY meant?"
        self.assertEqual((code, output.splitlines()[0]), (1, sentence))

    def test_an_unknown_name_is_not_a_refusal(self) -> None:
        code, output = run_worker(NATS_URL="nats://nats.invalid:4222")
        sentence = "NATS at nats://nats.invalid:4222 cannot be reached: its name is not known."
        self.assertEqual((code, output), (1, f"{sentence} Start it, or correct NATS_URL.\n"))

    async def test_where_no_address_was_given_that_is_said(self) -> None:
        with patch.dict(os.environ, {"NATS_URL": ""}), patch("nats.aio.client.Client.connect", refuse):
            worker = Worker()
            worker.handler("email")(handler)
            with self.assertRaises(ConnectionError) as raised:
                await worker.start()
        self.assertEqual(
            str(raised.exception),
            "NATS at nats://127.0.0.1:4222 cannot be reached: the connection was refused. "
            "NATS_URL is not set: set it, or start NATS there.",
        )


async def handler(payload: Any, ctx: Any) -> None: ...


async def refuse(*_: Any, **__: Any) -> None:
    """As a machine on which nothing listens on the usual port, which that of the test need not be."""
    raise ConnectionRefusedError(111, "Connect call failed")


LONG_ENOUGH = 6
"""Seconds after which a client that tries again has waited for two of them, whatever its pauses were."""


class Producers(unittest.TestCase):
    def test_a_client_that_waits_warns_once_which_address_is_refused(self) -> None:
        url = f"http://127.0.0.1:{free_port()}"
        client = SyncClient(url, retry_for=LONG_ENOUGH)
        with self.assertLogs("jobstream", "WARNING") as logged, self.assertRaises(UnavailableError) as raised:
            client.enqueue("email")
        sentence = f"POST /api/jobs: the API at {url} cannot be reached: the connection was refused."
        self.assertEqual(str(raised.exception), f"{sentence} Start it, or correct the address.")
        expected = f"WARNING:jobstream:{sentence} Start it, or correct the address. Trying again for 6 s."
        self.assertEqual(logged.output, [expected])

    def test_the_warning_comes_while_it_waits(self) -> None:
        abandoned = threading.Event()
        transport = Transport(f"http://127.0.0.1:{free_port()}", None, 600)
        warned = patch("jobstream.client.transport.log.warning", lambda *_: abandoned.set())
        with warned, self.assertRaises(UnavailableError):
            transport.ask(create_request("email", None, {}), abandoned)

    def test_it_can_be_turned_off(self) -> None:
        client = SyncClient(f"http://127.0.0.1:{free_port()}", retry_for=LONG_ENOUGH, retry_warning=False)
        with self.assertNoLogs("jobstream"), self.assertRaises(UnavailableError):
            client.enqueue("email")

    def test_an_address_that_is_not_set_is_said_to_be(self) -> None:
        address: Any = os.environ.get("NOT_SET")
        for make in (SyncClient, Client):
            with self.assertRaisesRegex(ValueError, "expected the url of the API, .*, got nothing: it is not set$"):
                make(address)
