"""Why a step is not run, or its job fails."""

from __future__ import annotations

from ...errors import RetryAfterError, UnrecoverableError


class StepMisusedError(UnrecoverableError):
    """The handler is wrong, and is so in each attempt."""

    code = "STEP_MISUSED"


class SignalInvalidError(UnrecoverableError):
    """The payload of a signal is not what the job type takes."""

    code = "SIGNAL_INVALID"


class StepResultsTooLargeError(UnrecoverableError):
    """The work of a step is done and cannot be recorded: a retry would only do it again."""

    code = "STEP_RESULTS_TOO_LARGE"


class StepResultNotJsonError(UnrecoverableError):
    """The work of a step is done, and its result cannot be recorded."""

    code = "RESULT_NOT_JSON"


class UpgradeUnfinishedError(RetryAfterError):
    """A process lives that would lose the steps."""

    code = "UPGRADE_UNFINISHED"
