"""Background jobs of a Jobstream service: clients that create them, and a worker that runs them."""

from .client.client import Client
from .client.job import Job
from .client.sync_client import SyncClient
from .errors import (
    AccessDeniedError,
    ConflictError,
    HandlerError,
    InvalidPayloadError,
    InvalidRequestError,
    JobCancelledError,
    JobFailedError,
    JobstreamError,
    NotFoundError,
    RetryAfterError,
    UnavailableError,
    UnexpectedAnswerError,
    UnrecoverableError,
)
from .worker.context import JobContext
from .worker.steps.sleep_call import AttemptSuspended
from .worker.steps.step_call import StepContext
from .worker.worker import Worker

__all__ = [
    "AccessDeniedError",
    "AttemptSuspended",
    "Client",
    "ConflictError",
    "HandlerError",
    "InvalidPayloadError",
    "InvalidRequestError",
    "Job",
    "JobCancelledError",
    "JobContext",
    "JobFailedError",
    "JobstreamError",
    "NotFoundError",
    "RetryAfterError",
    "StepContext",
    "SyncClient",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnrecoverableError",
    "Worker",
]
