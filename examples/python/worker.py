"""The test job of the conformance kit: see docs/worker-protocol.md. Your own handlers look like this one."""

import asyncio
import logging
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from jobstream import AttemptSuspended, JobContext, StepContext, UnrecoverableError, Worker


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


class Step(BaseModel):
    name: str
    key: str | None = None
    fail: int = 0
    tries: int = 1
    ms: int = 0
    bytes: int | None = None
    sleepMs: int | None = None
    sleepUntil: str | None = None
    signal: str | None = None
    timeoutMs: int | None = None


class Approval(BaseModel):
    by: str


class Steps(BaseModel):
    do: Literal["steps"]
    steps: list[Step]
    fail: int = 0
    together: bool = False
    swallow: bool = False


class Payload(RootModel[Annotated[Succeed | Fail | Reject | Sleep | Progress | Steps, Field(discriminator="do")]]):
    pass


worker = Worker(name="example-python")


@worker.handler("conformance", payload=Payload, max_attempts=3, timeout=60, signals={"approved": Approval, "note": None})
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
        case Steps() as asked:
            return await run_steps(asked, ctx)


async def run_steps(asked: Steps, ctx: JobContext) -> Any:
    ran: list[str] = []

    async def run_one(step: Step) -> Any:
        try:
            return await run_step(step, ctx, ran)
        except (Exception, AttemptSuspended):
            if not asked.swallow:
                raise

    if asked.together:
        results = await asyncio.gather(*map(run_one, asked.steps))
    else:
        results = [await run_one(step) for step in asked.steps]
    if ctx.attempt <= asked.fail:
        raise RuntimeError(f"told to fail, attempt {ctx.attempt} of {asked.fail}")
    return {"ran": ran, "results": results}


async def run_step(step: Step, ctx: JobContext, ran: list[str]) -> Any:
    if step.sleepMs is not None:
        return await ctx.sleep(step.name, step.sleepMs / 1000, key=step.key)
    if step.sleepUntil is not None:
        return await ctx.sleep_until(step.name, step.sleepUntil, key=step.key)
    if step.signal is not None:
        timeout = None if step.timeoutMs is None else step.timeoutMs / 1000
        payload = await ctx.wait_for(step.name, step.signal, timeout=timeout, key=step.key)
        return payload.model_dump() if isinstance(payload, Approval) else payload

    async def work(run: StepContext) -> Any:
        ran.append(step.name if step.key is None else f"{step.name}/{step.key}")
        await asyncio.sleep(step.ms / 1000)
        if ctx.attempt <= step.fail or run.attempt < step.tries:
            raise RuntimeError("told to fail")
        result = {"attempt": ctx.attempt, "try": run.attempt, "idempotencyKey": run.idempotency_key}
        return result if step.bytes is None else "x" * step.bytes

    backoff = {"type": "fixed", "delayMs": 10}
    return await ctx.step(step.name, work, key=step.key, max_attempts=step.tries, backoff=backoff)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(worker.run())
