import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { AppEndedError } from './appProcess.ts';
import { SupervisedProcess } from './supervisedProcess.ts';

/** A process that the test ends, and whose first starts fail. */
function fakeProcess({ failures = [] as Error[] } = {}) {
  return {
    onUnexpectedExit: (_how: string) => {},
    starts: 0,
    async start() {
      const failure = failures[this.starts];
      this.starts += 1;
      await Promise.resolve();
      if (failure !== undefined) throw failure;
    },
    stop: (): Promise<void> => Promise.resolve(),
    kill: () => Promise.resolve(),
  };
}

function supervise(process: ReturnType<typeof fakeProcess>, startAttempts = 1) {
  const lines: string[] = [];
  const pauses = { firstPauseMs: 1, longestPauseMs: 30 };
  const options = { name: 'worker', startAttempts, ...pauses, report: (line: string) => void lines.push(line) };
  return { supervised: new SupervisedProcess(process, options), lines };
}

const seen = (lines: string[], line: string) => vi.waitFor(() => expect(lines.at(-1)).toBe(line), { interval: 1 });

test('the restart pause doubles up to its limit, and is reset after the process has stayed up', async () => {
  const process = fakeProcess();
  const { supervised, lines } = supervise(process);
  await supervised.start();
  for (let round = 1; round <= 7; round += 1) {
    process.onUnexpectedExit('exit code 1');
    await vi.waitFor(() => expect(process.starts).toBe(round + 1), { interval: 1 });
  }
  const pauses = lines.flatMap((line) => /in ([\d.]+) s/.exec(line)?.[1] ?? []);
  expect(pauses).toEqual(['0.001', '0.002', '0.004', '0.008', '0.016', '0.03', '0.03']);
  expect(supervised.crashes).toHaveLength(7);
  await pause(50);
  process.onUnexpectedExit('exit code 1');
  expect(lines.at(-1)).toBe('worker ended (exit code 1); starting it again in 0.001 s');
});

test('a failed restart counts as another end, and a stop ends the restarts', async () => {
  const process = fakeProcess({ failures: [undefined as never, new Error('no port'), new Error('no port')] });
  const { supervised, lines } = supervise(process);
  await supervised.start();
  process.onUnexpectedExit('SIGKILL');
  await seen(lines, 'worker ended (no port); starting it again in 0.004 s');
  await supervised.stop();
  await pause(20);
  expect(process.starts).toBe(3);
});

test('the first start is retried up to its limit, unless the settings are invalid', async () => {
  const failures = [1, 2, 3].map((code) => new AppEndedError('worker ended before it was ready', code));
  const patient = supervise(fakeProcess({ failures: [failures[0] as Error, failures[2] as Error] }), 3);
  await patient.supervised.start();
  expect(patient.lines).toHaveLength(2);
  const impatient = supervise(fakeProcess({ failures }), 1);
  await expect(impatient.supervised.start()).rejects.toBe(failures[0]);
  const hopeless = supervise(fakeProcess({ failures: [failures[1] as Error] }), 3);
  await expect(hopeless.supervised.start()).rejects.toBe(failures[1]);
});

test('a process that was killed on purpose stays down until it is started', async () => {
  const process = fakeProcess();
  const { supervised, lines } = supervise(process);
  await supervised.start();
  await supervised.kill();
  process.onUnexpectedExit('SIGKILL');
  await pause(20);
  expect([process.starts, lines]).toEqual([1, []]);
  await supervised.start();
  process.onUnexpectedExit('SIGSEGV');
  await seen(lines, 'worker runs again');
});

test('a wanted restart is no crash, and is repeated until it succeeds', async () => {
  const process = fakeProcess({ failures: [undefined as never, new Error('no room')] });
  const { supervised, lines } = supervise(process);
  await supervised.start();
  await supervised.restart();
  expect(process.starts).toBe(3);
  expect(lines).toEqual(['worker ended (no room); starting it again in 0.001 s', 'worker runs again']);
  expect(supervised.crashes).toEqual([]);
});

test('a process that is stopped while it is being restarted stays down', async () => {
  const process = fakeProcess();
  const stopped = Promise.withResolvers<void>();
  process.stop = () => stopped.promise;
  const { supervised } = supervise(process);
  await supervised.start();
  const restarted = supervised.restart();
  const stop = supervised.stop();
  stopped.resolve();
  await Promise.all([restarted, stop]);
  expect(process.starts).toBe(1);
});
