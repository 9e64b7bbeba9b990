import { setImmediate as nextTick } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BackgroundLoop } from './backgroundLoop.ts';
import type { NextTurn } from './backgroundLoop.ts';

async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick++) await nextTick();
}

interface Script {
  /** The ticks of the event loop that a turn takes, and then a pause in ticks, a failure, or the end. */
  readonly turns: readonly { readonly ticks: number; readonly next: NextTurn | 'fail' }[];
  /** The calls on the loop, each `after` ticks after the previous one. */
  readonly calls: readonly { readonly after: number; readonly call: 'start' | 'stop' }[];
}

/** Repeats its scripted turns and records violations. */
class ScriptedLoop extends BackgroundLoop {
  readonly name = 'scripted';
  readonly faults: string[] = [];
  turns = 0;
  errors: unknown[] = [];
  isBusy = false;
  isStopped = false;
  readonly #script: Script['turns'];

  constructor(script: Script['turns']) {
    super(async (count, stop) => {
      for (let tick = 0; tick <= count && !stop.aborted; tick++) await nextTick();
    });
    this.#script = script;
  }

  override async stop(): Promise<void> {
    await super.stop();
    this.isStopped = true;
    if (this.isBusy) this.faults.push('a stop returned during a turn');
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const { ticks: length = 1, next = 1 } = this.#script[this.turns++ % this.#script.length] ?? {};
    if (this.isBusy) this.faults.push('two turns at once');
    if (this.isStopped || stop.aborted) this.faults.push('a turn began after the stop');
    this.isBusy = true;
    await ticks(length);
    this.isBusy = false;
    if (next === 'fail') throw new Error('a turn failed');
    return next;
  }

  protected onError(error: unknown): NextTurn {
    this.errors.push(error);
    return 1;
  }
}

const turn = fc.record({
  ticks: fc.nat({ max: 4 }),
  next: fc.oneof(fc.nat({ max: 4 }), fc.constantFrom('fail' as const, 'fail' as const, 'end' as const)),
});
const call = fc.record({ after: fc.nat({ max: 6 }), call: fc.constantFrom('start' as const, 'stop' as const) });
const script: fc.Arbitrary<Script> = fc.record({
  turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
  calls: fc.array(call, { maxLength: 12 }),
});

test('every start and stop returns in any order and at any time, and no turn begins after a stop', async () => {
  await fc.assert(
    fc.asyncProperty(script, async ({ turns, calls }) => {
      const loop = new ScriptedLoop(turns);
      const called: Promise<void>[] = [];
      for (const { after, call: name } of calls) {
        await ticks(after);
        called.push(loop[name]());
      }
      await Promise.all([...called, loop.stop(), loop.stop()]);
      const done = loop.turns;
      await loop.start();
      await ticks(10);
      expect(loop.turns).toBe(done);
      expect(loop.faults).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

describe('a background loop', () => {
  test('runs turns repeatedly, and continues after a failure as onError decides', async () => {
    const loop = new ScriptedLoop([
      { ticks: 1, next: 0 },
      { ticks: 0, next: 'fail' },
    ]);
    await loop.start();
    await expect.poll(() => loop.turns).toBeGreaterThan(3);
    await loop.stop();
    expect(loop.errors[0]).toEqual(new Error('a turn failed'));
  });

  test('runs no turn after one that returns end', async () => {
    const loop = new ScriptedLoop([{ ticks: 0, next: 'end' }]);
    await loop.start();
    await ticks(10);
    expect(loop.turns).toBe(1);
    await loop.stop();
  });

  test('interrupts the pause when it is stopped', async () => {
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    class Sleeper extends BackgroundLoop {
      readonly name = 'sleeper';
      protected turn(): Promise<NextTurn> {
        begin();
        return Promise.resolve(3_600_000);
      }
      protected onError(): NextTurn {
        return 'end';
      }
    }
    const loop = new Sleeper();
    await loop.start();
    await began;
    await ticks(2);
    await expect(loop.stop()).resolves.toBeUndefined();
  });
});
