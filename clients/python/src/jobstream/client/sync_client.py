"""The client for programs without asyncio."""

from __future__ import annotations

import threading
from time import monotonic, sleep
from typing import Any, Unpack

from .job import Job, id_of, result_of
from .requests import (
    LONGEST_WAIT,
    UNCHANGED,
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


class SyncClient:
    """Creates and follows jobs over HTTP, blocking: for Django, Flask and scripts. May be shared by threads.

    - `url`: the address of the API, such as `https://jobs.example.com`.
    - `credentials`: an API key or token, or a function that returns one and is called before each try.
    - `retry_for`: how long a request is repeated while the API is unavailable or busy, in seconds; 0 for never.
    - `retry_warning`: whether the logger `jobstream` is told, after two seconds, which request is repeated and why.
    - `job_warnings`: whether it is told what the API says of a job that it has accepted, such as that no worker knows its
      type; each sentence once.

    All calls raise the subclasses of JobstreamError.
    """

    def __init__(
        self,
        url: str,
        *,
        credentials: Credentials = None,
        retry_for: float = 30.0,
        retry_warning: bool = True,
        job_warnings: bool = True,
    ) -> None:
        self._transport = Transport(url, credentials, retry_for, retry_warning, job_warnings)
        self._never = threading.Event()

    def enqueue(self, job_type: str, payload: Any = None, **options: Unpack[EnqueueOptions]) -> Job:
        """Creates a job, exactly one even if the answer is lost and the request repeated; see EnqueueOptions.

        `payload` is JSON or a pydantic model.
        """
        return Job.of(self._transport.ask(create_request(job_type, payload, options), self._never))

    def get(self, job_id: str) -> Job:
        """The job as it is now. Raises NotFoundError."""
        return Job.of(self._transport.ask(get_request(job_id), self._never))

    def wait(self, job: Job | str, *, timeout: float | None = None) -> Job:
        """The job when it has ended: its `status` says how.

        Raises TimeoutError after `timeout` seconds; default: it waits for as long as it takes. The job goes on.
        """
        job_id = id_of(job)
        deadline = None if timeout is None else monotonic() + timeout
        early = 0
        while True:
            began = monotonic()
            left = LONGEST_WAIT if deadline is None else min(LONGEST_WAIT, deadline - began)
            if left <= 0:
                raise TimeoutError(f"job {job_id} did not end within {timeout} seconds")
            found = Job.of(self._transport.ask(wait_request(job_id, left), self._never))
            if found.has_ended:
                return found
            if monotonic() - began < left / 2:  # an API that is about to stop answers early
                early += 1
                sleep(retry_pause(early))

    def result(self, job: Job | str, *, timeout: float | None = None) -> Any:
        """Waits as `wait` does, and returns the result. Raises JobFailedError or JobCancelledError, too."""
        return result_of(self.wait(job, timeout=timeout))

    def cancel(self, job: Job | str, *, reason: str | None = None) -> Job:
        """Cancels a job that has not ended; a running handler is cancelled. Raises ConflictError when it has ended."""
        return Job.of(self._transport.ask(cancel_request(id_of(job), reason), self._never))

    def retry(self, job: Job | str, *, reason: str | None = None, payload: Any = UNCHANGED) -> Job:
        """Runs a failed or cancelled job again, from attempt 1, with another payload if one is given.

        Raises ConflictError in any other state.
        """
        return Job.of(self._transport.ask(retry_request(id_of(job), reason, payload), self._never))

    def signal(self, job: Job | str, name: str, payload: Any = None, *, idempotency_key: str | None = None) -> Job:
        """Sends a signal to a job that has not ended, for the `ctx.wait_for` that waits for it now or later.

        The same key gives the job one signal, however often the call is repeated; default a random key. `payload` is JSON or a
        pydantic model. Raises NotFoundError for a name that no worker of the type takes, InvalidRequestError for a payload that
        they do not accept, and ConflictError when the job has ended or has too many signals that nothing has read.
        """
        return Job.of(self._transport.ask(signal_request(id_of(job), name, payload, idempotency_key), self._never))

    def run_now(self, job: Job | str, *, reason: str | None = None) -> Job:
        """Ends the wait of a job that is scheduled or will be retried. Raises ConflictError in any other state."""
        return Job.of(self._transport.ask(run_now_request(id_of(job), reason), self._never))

    def change_priority(self, job: Job | str, priority: Priority, *, reason: str | None = None) -> Job:
        """Gives a job that waits another priority. Raises ConflictError in any other state."""
        return Job.of(self._transport.ask(priority_request(id_of(job), priority, reason), self._never))

    def rerun(
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
        return Job.of(self._transport.ask(rerun_request(id_of(job), reason, payload, idempotency_key), self._never))
