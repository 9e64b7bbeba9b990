import { setTimeout as pause } from 'node:timers/promises';
import { RetryAfterError } from '../src/handler/handlerErrors.ts';
import type { JobContext } from '../src/handler/jobHandler.ts';

/** Longer than its slot is kept for. */
const SLEEP_MS = 1_500;

let stepRuns = 0;
const commands = {
  answer: () => 42,
  count: (ctx: JobContext) => {
    ctx.log.child({ step: 1 }).info({ attempt: ctx.attempt }, 'counting');
    ctx.progress({ percent: 50 });
    return { sum: spinFor(1_500), job: ctx.job.id, run: ctx.runId };
  },
  fail: () => {
    throw Object.assign(new TypeError('no such image'), { code: 'E_IMAGE' });
  },
  'give up': async () => {
    // As handlers of users import it. The others spare their threads the loading of the whole package.
    const { UnrecoverableError } = await import('../src/index.ts');
    throw new UnrecoverableError('broken image', { code: 'E_BROKEN' });
  },
  'come back': () => {
    throw new RetryAfterError('busy', 3_600_000);
  },
  step: async ({ step, attempt }: JobContext) => {
    const first = await step('count', () => ++stepRuns);
    await step('fail', ({ name }) => Promise.reject(new TypeError(`no ${name}`))).catch(() => undefined);
    if (attempt < 2) throw new Error('once more');
    return { first, runs: stepRuns };
  },
  sleep: async ({ step, sleep }: JobContext) => {
    const branch = async () => {
      for (const key of [1, 2, 3]) await step('work', { key }, () => pause(10));
      return step('last', () => 'done');
    };
    const [, last] = await Promise.all([sleep('nap', SLEEP_MS), branch()]);
    return last;
  },
  'sleep within a step': ({ step, sleep }: JobContext) => step('work', () => sleep('nap', 1)),
  'wait for a signal': async ({ waitFor }: JobContext) => {
    const first = await waitFor('first', 'go' as never);
    return [first, await waitFor('second', 'go' as never, { timeout: 1 })];
  },
  'wait within a step': ({ step, waitFor }: JobContext) => step('work', () => waitFor('first', 'go' as never)),
  exit: () => process.exit(3),
  crash: () => {
    setImmediate(() => {
      throw new Error('crashed');
    });
    return pause(60_000);
  },
  'fill the heap': () => {
    const kept: number[][] = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => index + kept.length));
  },
  wait: ({ signal }: JobContext) => pause(600_000, undefined, { signal }),
  spin: () => spinFor(600_000),
};

/** What the handler is asked to do. */
export type Command = keyof typeof commands;

/** A handler for threads that ends, or does not, in each of the ways that there are. */
export default async function compute(command: Command, ctx: JobContext): Promise<unknown> {
  return commands[command](ctx);
}

/** Computes without ever waiting. */
function spinFor(ms: number): number {
  const end = performance.now() + ms;
  let rounds = 0;
  while (performance.now() < end) rounds += 1;
  return rounds > 0 ? 1 : 0;
}
