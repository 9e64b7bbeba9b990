import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { LogUnavailableError } from '../errors.ts';
import { ServerClock } from './serverClock.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const HOUR_MS = 3_600_000;

/** A server and a machine whose time goes on when the test lets it. */
function stage() {
  const state = {
    trueMs: 0,
    wallAheadMs: 0,
    serverAheadMs: 0,
    slowMs: [] as number[],
    readsLate: false,
    fails: false,
    asked: 0,
  };
  const lines: string[] = [];
  const line = (details: object, message: string) => void lines.push(`${message} ${JSON.stringify(details)}`);
  const askServer = async () => {
    state.asked += 1;
    if (state.fails) throw new LogUnavailableError('no answer');
    const roundTripMs = state.slowMs.shift() ?? 2;
    // The server reads its clock at the beginning of a slow round trip, or at its end: these are the worst cases.
    const time = NOON + state.serverAheadMs + state.trueMs + (state.readsLate ? roundTripMs - 1 : 1);
    state.trueMs += roundTripMs;
    return time;
  };
  const local = { wall: () => NOON + state.wallAheadMs + state.trueMs, monotonic: () => state.trueMs };
  const clock = new ServerClock({ askServer, sink: { info: line, warn: line }, local });
  const pass = async (ms: number) => {
    state.trueMs += ms;
    await clock.check();
  };
  return { state, lines, clock, pass, serverTime: () => NOON + state.serverAheadMs + state.trueMs };
}

let s: ReturnType<typeof stage>;

beforeEach(async () => {
  s = stage();
  await s.clock.start();
  s.clock.stop();
});

describe('the time', () => {
  test("is the server's, whatever the clock of the machine says", async () => {
    s.state.wallAheadMs = HOUR_MS;
    expect(s.clock.now()).toBe(s.serverTime());
    await s.pass(30_000);
    expect(s.clock.now()).toBe(s.serverTime());
    expect(s.clock.offsetMs()).toBe(HOUR_MS);
  });

  test("is the machine's before the first measurement", () => {
    const fresh = stage();
    fresh.state.wallAheadMs = HOUR_MS;
    expect(fresh.clock.now()).toBe(NOON + HOUR_MS);
    expect(fresh.clock.offsetMs()).toBe(0);
  });

  test('is that of the fastest of three answers', async () => {
    const slow = stage();
    slow.state.slowMs = [800, 2, 400];
    await slow.clock.start();
    slow.clock.stop();
    expect(slow.clock.now()).toBe(slow.serverTime());
  });

  test('keeps a measurement that a slow answer does not contradict', async () => {
    s.state.slowMs = [800, 800, 800];
    await s.pass(60_000);
    expect(s.clock.now()).toBe(s.serverTime());
  });

  test('follows a slow answer that contradicts what was known', async () => {
    s.state.serverAheadMs = 60_000;
    s.state.slowMs = [800, 800, 800];
    await s.pass(60_000);
    expect(Math.abs(s.clock.now() - s.serverTime())).toBeLessThan(500);
  });
});

describe('what the server has reached', () => {
  test.each([['at the beginning', false] as const, ['at the end', true] as const])(
    'is not ahead of it when it reads its clock %s of slow round trips',
    async (_words, readsLate) => {
      const slow = stage();
      Object.assign(slow.state, { slowMs: [800, 800, 800], readsLate });
      await slow.clock.start();
      slow.clock.stop();
      expect(slow.clock.now() > slow.serverTime()).toBe(readsLate);
      expect(slow.clock.reached()).toBeLessThanOrEqual(slow.serverTime());
      expect(slow.clock.reached()).toBeGreaterThan(slow.serverTime() - 802);
    },
  );

  test('is not ahead of a server whose clock is slower, until it is asked again', async () => {
    s.state.trueMs += 59_000;
    s.state.serverAheadMs = -59;
    expect(s.clock.now()).toBeGreaterThan(s.serverTime());
    expect(s.clock.reached()).toBeLessThanOrEqual(s.serverTime());
  });

  test("is the machine's time before the first measurement", () => {
    expect(stage().clock.reached()).toBe(NOON);
  });
});

describe('a measurement', () => {
  test('is made at the start and once a minute', async () => {
    expect(s.state.asked).toBe(3);
    await s.pass(59_000);
    expect(s.state.asked).toBe(3);
    await s.pass(1_000);
    expect(s.state.asked).toBe(6);
    await s.pass(1_000);
    expect(s.state.asked).toBe(6);
  });

  test('is made at once when it is in doubt', async () => {
    s.clock.doubt();
    await s.pass(1);
    expect(s.state.asked).toBe(6);
  });

  test.each([['ahead', HOUR_MS] as const, ['back', -HOUR_MS] as const])(
    'is made as soon as the clock of the machine was set %s, which is logged',
    async (_words, jumpMs) => {
      s.state.wallAheadMs = jumpMs;
      await s.pass(1_000);
      expect(s.state.asked).toBe(6);
      expect(s.lines[0]).toBe(`the clock of this machine was set, or the machine slept {"jumpMs":${jumpMs}}`);
    },
  );

  test('corrects the time after the machine slept, when its monotonic clock stood still', async () => {
    [s.state.serverAheadMs, s.state.wallAheadMs] = [HOUR_MS, HOUR_MS];
    await s.pass(1_000);
    expect(s.clock.now()).toBe(s.serverTime());
    expect(s.clock.offsetMs()).toBe(0);
  });

  test('that fails is made again after five seconds, and until then nothing changes', async () => {
    s.state.fails = true;
    await s.pass(60_000);
    await s.pass(4_000);
    expect(s.state.asked).toBe(4);
    expect(s.clock.now()).toBe(s.serverTime());
    s.state.fails = false;
    await s.pass(1_000);
    expect(s.state.asked).toBe(7);
  });

  test('that fails at the start rejects it', async () => {
    const unanswered = stage();
    unanswered.state.fails = true;
    await expect(unanswered.clock.start()).rejects.toThrow(LogUnavailableError);
    const silent = new ServerClock({ askServer: async () => Number.NaN, sink: { info: () => {}, warn: () => {} } });
    await expect(silent.start()).rejects.toThrow('the server does not say what time it is');
  });
});

describe('an offset above a second', () => {
  test('is warned of once, and again when it changes, and its end is logged', async () => {
    const measure = async (wallAheadMs: number) => {
      s.state.wallAheadMs = wallAheadMs;
      s.clock.doubt();
      await s.pass(1_000);
    };
    for (const ahead of [900, 1_200, 1_500, -5_000, 1_000, 0]) await measure(ahead);
    expect(s.lines.filter((line) => !line.includes('slept'))).toEqual([
      'the clock of this machine is ahead of nats-server\'s {"offsetMs":1200}',
      'the clock of this machine is behind nats-server\'s {"offsetMs":-5000}',
      'the clock of this machine agrees with nats-server\'s {"offsetMs":1000}',
    ]);
  });
});

test('a clock that is stopped leaves no timer', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  await s.clock.start();
  expect(vi.getTimerCount()).toBe(1);
  s.clock.stop();
  expect(vi.getTimerCount()).toBe(0);
});
