import { setTimeout as pause } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { createWorker, UnrecoverableError, type JobContext } from '../src/index.ts';

const stepOrder = z.object({
  name: z.string(),
  key: z.string().optional(),
  fail: z.int().optional(),
  tries: z.int().optional(),
  ms: z.int().optional(),
  bytes: z.int().optional(),
  sleepMs: z.int().optional(),
  sleepUntil: z.string().optional(),
  signal: z.string().optional(),
  timeoutMs: z.int().optional(),
});
const signals = { approved: z.object({ by: z.string() }), note: z.unknown() };
const payload = z.discriminatedUnion('do', [
  z.object({ do: z.literal('succeed'), result: z.json().optional() }),
  z.object({ do: z.literal('fail'), times: z.int() }),
  z.object({ do: z.literal('reject') }),
  z.object({ do: z.literal('sleep'), ms: z.int() }),
  z.object({ do: z.literal('progress'), steps: z.int() }),
  z.object({
    do: z.literal('steps'),
    steps: z.array(stepOrder),
    fail: z.int().optional(),
    together: z.boolean().optional(),
    swallow: z.boolean().optional(),
  }),
]);
type Payload = z.infer<typeof payload>;
type StepOrder = z.infer<typeof stepOrder>;

async function run(command: Payload, ctx: JobContext): Promise<unknown> {
  switch (command.do) {
    case 'succeed':
      return command.result;
    case 'fail':
      if (ctx.attempt <= command.times) throw new Error(`told to fail, attempt ${ctx.attempt} of ${command.times}`);
      return { attempt: ctx.attempt };
    case 'reject':
      throw new UnrecoverableError('told to reject');
    case 'sleep':
      await pause(command.ms, undefined, { signal: ctx.signal });
      return { sleptMs: command.ms };
    case 'progress':
      for (let step = 1; step <= command.steps; step += 1) ctx.progress({ percent: (step * 100) / command.steps });
      return undefined;
    case 'steps':
      return runSteps(command, ctx);
  }
}

async function runSteps(command: Extract<Payload, { do: 'steps' }>, ctx: JobContext): Promise<unknown> {
  const { steps, fail = 0, together = false, swallow = false } = command;
  const ran: string[] = [];
  const runOne = async (asked: StepOrder) => {
    try {
      return await runStep(asked, ctx, ran);
    } catch (error) {
      if (!swallow) throw error;
      return undefined;
    }
  };
  const results: unknown[] = [];
  if (together) results.push(...(await Promise.all(steps.map(runOne))));
  else for (const asked of steps) results.push(await runOne(asked));
  if (ctx.attempt <= fail) throw new Error(`told to fail, attempt ${ctx.attempt} of ${fail}`);
  return { ran, results };
}

function runStep(asked: StepOrder, ctx: JobContext, ran: string[]): Promise<unknown> {
  const { name, key, sleepMs, sleepUntil, signal, timeoutMs } = asked;
  const options = key === undefined ? {} : { key };
  if (sleepMs !== undefined) return ctx.sleep(name, sleepMs, options);
  if (sleepUntil !== undefined) return ctx.sleepUntil(name, sleepUntil, options);
  if (signal === undefined) return runWork(asked, ctx, ran);
  if (timeoutMs === undefined) return ctx.waitFor(name, signal, options);
  return ctx.waitFor(name, signal, { ...options, timeout: timeoutMs });
}

function runWork({ name, key, fail = 0, tries = 1, ms = 0, bytes }: StepOrder, ctx: JobContext, ran: string[]) {
  const backoff = { type: 'fixed', delayMs: 10 } as const;
  const options = { ...(key === undefined ? {} : { key }), maxAttempts: tries, backoff };
  return ctx.step<unknown>(name, options, async ({ attempt, idempotencyKey, signal }) => {
    ran.push(key === undefined ? name : `${name}/${key}`);
    if (ms > 0) await pause(ms, undefined, { signal });
    if (ctx.attempt <= fail || attempt < tries) throw new Error('told to fail');
    return bytes === undefined ? { attempt: ctx.attempt, try: attempt, idempotencyKey } : 'x'.repeat(bytes);
  });
}

// The test job that every worker under the conformance kit offers; see docs/worker-protocol.md.
const conformance = defineJob('conformance', { payload, signals, maxAttempts: 3, timeoutMs: 60_000 });
await createWorker().handle(conformance, run).run();
