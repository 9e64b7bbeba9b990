"""The worker, as a program uses it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar, overload

from .announcer import Announcer
from .context import JobContext
from .job_runner import JobRunner
from .job_type import JobType, check_handler, defaults_of, model_of, signals_of
from .session import Session, open_session
from .settings import EnvironmentMistake, Given, misspelt_variables, resolve_settings

log = logging.getLogger("jobstream")

Payload = TypeVar("Payload")
AnyHandler = TypeVar("AnyHandler", bound=Callable[[Any, JobContext], Awaitable[Any]])


class Worker:
    """Runs the jobs of the types that have a handler.

        worker = Worker(concurrency=20)

        @worker.handler("email", payload=Email)
        async def email(payload: Email, ctx: JobContext) -> dict[str, str]:
            return {"accepted": payload.to}

        asyncio.run(worker.run())

    What is not given comes from the environment: `NATS_URL` (several servers separated by commas), `NATS_USER`,
    `NATS_PASSWORD`, `NATS_CREDS` (a credentials file), `WORKER_NAME`, `WORKER_VERSION` (or `JOBSTREAM_RELEASE`),
    `WORKER_CONCURRENCY`, `ACK_WAIT_MS`, `SHUTDOWN_GRACE_MS`, `SLOT_WAIT_MS`, `ERROR_STACKS`. `nats_options` go to `nats.connect`, for
    example `{"tls": context}`.

    - `concurrency`: attempts of each job type at once, default 10.
    - `ack_wait`: seconds after which a silent worker loses its jobs to another, default 10.
    - `shutdown_grace`: seconds that running attempts may go on after a stop, default 10; then they are released, which
      uses up no attempt.
    - `slot_wait`: seconds that a `ctx.sleep` may have left and keep its slot, default 30; a longer one waits without a worker.
    - `error_stacks`: whether the log keeps the tracebacks of errors, default True.

    Raises ValueError about a setting that is out of its range.
    """

    def __init__(
        self,
        *,
        servers: str | None = None,
        user: str | None = None,
        password: str | None = None,
        credentials: str | None = None,
        name: str | None = None,
        version: str | None = None,
        concurrency: int | None = None,
        ack_wait: float | None = None,
        shutdown_grace: float | None = None,
        slot_wait: float | None = None,
        error_stacks: bool | None = None,
        nats_options: dict[str, Any] | None = None,
    ) -> None:
        given = Given(servers, user, password, credentials, name, version, concurrency, ack_wait, shutdown_grace)
        given = replace(given, slot_wait=slot_wait, error_stacks=error_stacks)
        self._mistake: EnvironmentMistake | None = None
        try:
            self._settings = resolve_settings(given)
        except EnvironmentMistake as mistake:
            self._mistake = mistake
            self._settings = resolve_settings(given, {})
        self._nats_options = nats_options or {}
        self._types: dict[str, JobType] = {}
        self._session: Session | None = None
        self._runners: list[JobRunner] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._announcer: Announcer | None = None
        self._announcing: asyncio.Task[None] | None = None

    @overload
    def handler(
        self,
        job_type: str,
        *,
        payload: type[Payload],
        result: Any = None,
        concurrency: int | None = None,
        max_attempts: int | None = None,
        timeout: float | None = None,
        backoff: Mapping[str, Any] | None = None,
        signals: Mapping[str, Any] | None = None,
    ) -> Callable[
        [Callable[[Payload, JobContext], Awaitable[Any]]], Callable[[Payload, JobContext], Awaitable[Any]]
    ]: ...

    @overload
    def handler(
        self,
        job_type: str,
        *,
        payload: Any = None,
        payload_schema: dict[str, Any] | None = None,
        result: Any = None,
        concurrency: int | None = None,
        max_attempts: int | None = None,
        timeout: float | None = None,
        backoff: Mapping[str, Any] | None = None,
        signals: Mapping[str, Any] | None = None,
    ) -> Callable[[AnyHandler], AnyHandler]: ...

    def handler(
        self,
        job_type: str,
        *,
        payload: Any = None,
        payload_schema: dict[str, Any] | None = None,
        result: Any = None,
        concurrency: int | None = None,
        max_attempts: int | None = None,
        timeout: float | None = None,
        backoff: Mapping[str, Any] | None = None,
        signals: Mapping[str, Any] | None = None,
    ) -> Callable[[Any], Any]:
        """Registers the decorated async function for a job type; before the worker starts.

        - `payload`: the type of the payload, any that pydantic knows. The handler gets the validated value; the API
          refuses other payloads, since the type is announced as a JSON Schema. Default: the JSON as it is.
        - `payload_schema`: a JSON Schema to announce instead, which only the API checks.
        - `result`: the type of the result, which is checked and written as JSON. Default: any JSON, or a pydantic model.
        - `concurrency`: attempts of this type at once, default that of the worker.
        - `max_attempts`, `timeout` (in seconds), `backoff`: what jobs of the type get whose creators leave it out, in
          whichever language they are written. They are announced; the newest worker's hold.
        - `signals`: what jobs of the type may be sent, such as `{"approved": Approval}`: the types of the payloads by the names of the
          signals, as for `payload`; None: any JSON. They are announced, and the API refuses others. At most 32.

        The decorator raises ValueError for a wrong or repeated job type, a setting that no job may have or a name of no signal, and TypeError for a function that is not async,
        or for a `payload`, `result` or signal where pydantic is not installed.
        """

        def register(function: AnyHandler) -> AnyHandler:
            check_handler(job_type, function)
            if job_type in self._types:
                raise ValueError(f"the job type {job_type} has a handler already")
            model = model_of(payload)
            schema = payload_schema or (None if model is None else model.json_schema(mode="validation"))
            slots = self._settings.concurrency if concurrency is None else concurrency
            defaults = defaults_of(job_type, max_attempts, timeout, backoff)
            taken = signals_of(job_type, signals)
            self._types[job_type] = JobType(job_type, function, model, schema, model_of(result), slots, defaults, taken)
            return function

        return register

    async def run(self) -> None:
        """Runs until SIGTERM or SIGINT, and then stops as `stop` does. For a process of its own.

        When NATS cannot be reached at the start it logs one line that says so and what to do, with the traceback at debug,
        and ends the process with code 1. Raises what else `start` and `stop` raise.
        """
        try:
            await self.start()
        except ConnectionError as error:
            log.error("%s", error)
            log.debug("the worker could not start", exc_info=error)
            raise SystemExit(1) from None
        except EnvironmentMistake as mistake:
            log.error("%s", mistake)
            raise SystemExit(2) from None
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):  # on Windows, where Ctrl-C raises KeyboardInterrupt
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(name, asked.set)
        try:
            waiting = asyncio.create_task(asked.wait())
            await asyncio.wait({waiting, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        finally:
            await self.stop()
            with suppress(NotImplementedError):
                for name in (signal.SIGTERM, signal.SIGINT):
                    loop.remove_signal_handler(name)

    async def start(self) -> None:
        """Connects and begins to take jobs. For a process with other purposes: it takes no signals.

        Raises RuntimeError when there is no handler, when it runs already, or when the server is too old,
        ConnectionError with a sentence that names the address when NATS cannot be reached, and ValueError for a mistake
        in the environment.
        """
        for sentence in misspelt_variables():
            log.warning("%s", sentence)
        if self._mistake is not None:
            raise self._mistake
        if self._session is not None or not self._types:
            raise RuntimeError("the worker runs already" if self._types else "the worker has no handlers")
        options = {**self._nats_options, "reconnected_cb": self._on_reconnected}
        session = self._session = await open_session(self._settings, options)
        self._runners = [JobRunner(session, job_type) for job_type in self._types.values()]
        self._announcer = Announcer(session, self._runners)
        self._announcing = asyncio.create_task(self._announcer.run())
        self._tasks = [asyncio.create_task(runner.run()) for runner in self._runners]

    async def stop(self) -> None:
        """Takes no more jobs, gives running attempts `shutdown_grace`, releases the others, and disconnects.

        Raises what made the worker stop working, if anything did.
        """
        session, announcer, announcing = self._session, self._announcer, self._announcing
        if session is None or announcer is None or announcing is None:
            return
        session.stopping.set()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        announcing.cancel()
        await announcer.beat()
        if session.nc.is_connected:
            await announcer.announce_end()
        await (session.nc.drain() if session.nc.is_connected else session.nc.close())
        self._session = None
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def __aenter__(self) -> Worker:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _on_reconnected(self) -> None:
        if self._session is None or self._announcer is None:
            return
        self._session.clock.measured = None
        self._announcer.announce_again()
        for runner in self._runners:
            runner.look_at_all()
