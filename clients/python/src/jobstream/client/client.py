"""The client for asyncio."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from time import monotonic
from typing import Any, Unpack

from .job import Job, id_of, result_of
from .requests import (
    LONGEST_WAIT,
    UNCHANGED,
    ApiRequest,
    EnqueueOptions,
    Priority,
    cancel_request,
    create_request,
    get_request,
    priority_request,
    rerun_request,
    retry_request,
    run_now_request,
    signal_request,
    wait_request,
)
from .transport import Credentials, Transport, retry_pause


class Client:
    """Creates and follows jobs over HTTP, with asyncio.

        client = Client("http://127.0.0.1:3000")
        job = await client.enqueue("email", {"to": "user@example.com"}, idempotency_key="welcome-4711")
        print(await client.result(job, timeout=60))

    - `url`, `credentials`, `retry_for`, `retry_warning`, `job_warnings`: as for SyncClient, which has the same calls.
    - `max_requests`: requests at once, default 100; each has a thread while it lasts. More of them wait.

    A client opens no connection until it is used, and need not be closed. A cancelled call returns at once; its request
    may still be answered. All calls raise the subclasses of JobstreamError.
    """

    def __init__(
        self,
        url: str,
        *,
        credentials: Credentials = None,
        retry_for: float = 30.0,
        retry_warning: bool = True,
        job_warnings: bool = True,
        max_requests: int = 100,
    ) -> None:
        self._transport = Transport(url, credentials, retry_for, retry_warning, job_warnings)
        self._requests = asyncio.Semaphore(max_requests)

    async def enqueue(self, job_type: str, payload: Any = None, **options: Unpack[EnqueueOptions]) -> Job:
        """Creates a job, exactly one even if the answer is lost and the request repeated; see EnqueueOptions.

        `payload` is JSON or a pydantic model.
        """
        return Job.of(await self._ask(create_request(job_type, payload, options)))

    async def get(self, job_id: str) -> Job:
        """The job as it is now. Raises NotFoundError."""
        return Job.of(await self._ask(get_request(job_id)))

    async def wait(self, job: Job | str, *, timeout: float | None = None) -> Job:
        """The job when it has ended: its `status` says how.

        Raises TimeoutError after `timeout` seconds; default: it waits for as long as it takes. The job goes on.
        """
        job_id = id_of(job)
        try:
            async with asyncio.timeout(timeout):
                return await self._wait(job_id)
        except TimeoutError:
            raise TimeoutError(f"job {job_id} did not end within {timeout} seconds") from None

    async def _wait(self, job_id: str) -> Job:
        early = 0
        while True:
            began = monotonic()
            found = Job.of(await self._ask(wait_request(job_id, LONGEST_WAIT)))
            if found.has_ended:
                return found
            if monotonic() - began < LONGEST_WAIT / 2:  # an API that is about to stop answers early
                early += 1
                await asyncio.sleep(retry_pause(early))

    async def result(self, job: Job | str, *, timeout: float | None = None) -> Any:
        """Waits as `wait` does, and returns the result. Raises JobFailedError or JobCancelledError, too."""
        return result_of(await self.wait(job, timeout=timeout))

    async def cancel(self, job: Job | str, *, reason: str | None = None) -> Job:
        """Cancels a job that has not ended; a running handler is cancelled. Raises ConflictError when it has ended."""
        return Job.of(await self._ask(cancel_request(id_of(job), reason)))

    async def retry(self, job: Job | str, *, reason: str | None = None, payload: Any = UNCHANGED) -> Job:
        """Runs a failed or cancelled job again, from attempt 1, with another payload if one is given.

        Raises ConflictError in any other state.
        """
        return Job.of(await self._ask(retry_request(id_of(job), reason, payload)))

    async def signal(self, job: Job | str, name: str, payload: Any = None, *, idempotency_key: str | None = None) -> Job:
        """Sends a signal to a job that has not ended, for the `ctx.wait_for` that waits for it now or later.

        The same key gives the job one signal, however often the call is repeated; default a random key. `payload` is JSON or a
        pydantic model. Raises NotFoundError for a name that no worker of the type takes, InvalidRequestError for a payload that
        they do not accept, and ConflictError when the job has ended or has too many signals that nothing has read.
        """
        return Job.of(await self._ask(signal_request(id_of(job), name, payload, idempotency_key)))

    async def run_now(self, job: Job | str, *, reason: str | None = None) -> Job:
        """Ends the wait of a job that is scheduled or will be retried. Raises ConflictError in any other state."""
        return Job.of(await self._ask(run_now_request(id_of(job), reason)))

    async def change_priority(self, job: Job | str, priority: Priority, *, reason: str | None = None) -> Job:
        """Gives a job that waits another priority. Raises ConflictError in any other state."""
        return Job.of(await self._ask(priority_request(id_of(job), priority, reason)))

    async def rerun(
        self,
        job: Job | str,
        *,
        reason: str | None = None,
        payload: Any = UNCHANGED,
        idempotency_key: str | None = None,
    ) -> Job:
        """Creates a job like one that has ended, and returns the new one. Raises ConflictError before its end.

        The same key gives the same job; default a random key, so that a repeated request creates one.
        """
        return Job.of(await self._ask(rerun_request(id_of(job), reason, payload, idempotency_key)))

    async def _ask(self, request: ApiRequest) -> Any:
        """Asks in a thread of its own, which does not keep the program from ending when the call was cancelled."""
        async with self._requests:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[Any] = loop.create_future()
            abandoned = threading.Event()

            def ask() -> None:
                try:
                    settle = (answer.set_result, self._transport.ask(request, abandoned))
                except Exception as error:
                    settle = (answer.set_exception, error)
                if not abandoned.is_set():
                    with suppress(RuntimeError):  # the loop has been closed meanwhile
                        loop.call_soon_threadsafe(_settle, answer, *settle)

            threading.Thread(target=ask, name=f"jobstream {request}", daemon=True).start()
            try:
                return await answer
            finally:
                abandoned.set()


def _settle(answer: asyncio.Future[Any], settle: Any, value: Any) -> None:
    if not answer.done():
        settle(value)
