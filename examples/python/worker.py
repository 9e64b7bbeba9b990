"""The test job of the conformance kit: see docs/worker-protocol.md. Your own handlers look like this one."""

import asyncio
import logging
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from jobstream import JobContext, UnrecoverableError, Worker


class Succeed(BaseModel):
    do: Literal["succeed"]
    result: Any = None


class Fail(BaseModel):
    do: Literal["fail"]
    times: int


class Reject(BaseModel):
    do: Literal["reject"]


class Sleep(BaseModel):
    do: Literal["sleep"]
    ms: int


class Progress(BaseModel):
    do: Literal["progress"]
    steps: int


class Payload(RootModel[Annotated[Succeed | Fail | Reject | Sleep | Progress, Field(discriminator="do")]]):
    pass


worker = Worker(name="example-python")


@worker.handler("conformance", payload=Payload, max_attempts=3, timeout=60)
async def conformance(payload: Payload, ctx: JobContext) -> Any:
    match payload.root:
        case Succeed(result=result):
            return result
        case Fail(times=times):
            if ctx.attempt <= times:
                raise RuntimeError(f"told to fail, attempt {ctx.attempt} of {times}")
            return {"attempt": ctx.attempt}
        case Reject():
            raise UnrecoverableError("told to reject")
        case Sleep(ms=ms):
            await asyncio.sleep(ms / 1000)
            return {"sleptMs": ms}
        case Progress(steps=steps):
            for step in range(1, steps + 1):
                ctx.progress(step * 100 / steps)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(worker.run())
