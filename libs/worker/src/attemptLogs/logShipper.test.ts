import { setImmediate } from 'node:timers/promises';
import type { AttemptLogs, ChunkOutcome } from '@jobstream/eventlog';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger } from '../handler/logger.ts';
import { LogShipper, type DropReason } from './logShipper.ts';

const run = { jobId: '0199f2d5-0000-7000-8000-000000000001', attempt: 1, runId: 'run' };
const line = { level: 'info', bound: '', first: 'paid', message: undefined } as const;

/** A shipper whose server answers at once: with these outcomes, and then that all is stored. */
async function startShipper(...outcomes: readonly ChunkOutcome[]) {
  const answers = outcomes.values();
  const sent: ChunkOutcome[] = [];
  const dropped: DropReason[] = [];
  const append: AttemptLogs['append'] = (parcels, onOutcome) => {
    for (const parcel of parcels) {
      const { value = 'stored' } = answers.next();
      sent.push(value);
      onOutcome(parcel, value);
    }
  };
  const shipper = new LogShipper({
    eventLog: { attemptLogs: { append, isAvailable: () => setImmediate(true) }, clock: Date },
    level: 'info',
    stacks: true,
    onDropped: (_jobType, _lines, reason) => dropped.push(reason),
    logger: silentLogger,
  });
  await shipper.start();
  return { shipper, sent, dropped };
}

function writeOneLine(shipper: LogShipper): void {
  const log = shipper.open(run, 'payment');
  log?.keep(line);
  log?.end();
}

test('lines that are stored are neither reported as dropped nor sent again', async () => {
  const { shipper, sent, dropped } = await startShipper();
  writeOneLine(shipper);
  await shipper.drain(0);
  await shipper.stop();
  expect({ sent, dropped }).toEqual({ sent: ['stored'], dropped: [] });
});

test('lines that the server refuses are reported as dropped, and not sent again', async () => {
  const { shipper, sent, dropped } = await startShipper('refused');
  writeOneLine(shipper);
  await shipper.stop();
  expect({ sent, dropped }).toEqual({ sent: ['refused'], dropped: ['refused'] });
});

test('lines whose fate is unknown are sent again until the server has them', async () => {
  const { shipper, sent, dropped } = await startShipper('unknown', 'unknown', 'unknown');
  writeOneLine(shipper);
  await shipper.drain(0);
  await shipper.drain(0);
  await shipper.stop();
  expect({ sent, dropped }).toEqual({ sent: ['unknown', 'unknown', 'unknown', 'stored'], dropped: [] });
});

test('lines that were sent again leave no timer, which would use the log after it has stopped', async () => {
  const { shipper, sent } = await startShipper('unknown');
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  writeOneLine(shipper);
  await shipper.drain(0);
  expect(sent).toEqual(['unknown', 'stored']);
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  ['was stored', []],
  ['is not known to be stored', Array.from({ length: 50 }, () => 'unknown' as const)],
])('a shipper that is stopped leaves no timer where what it has sent %s', async (_fate, outcomes) => {
  const { shipper } = await startShipper(...outcomes);
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  writeOneLine(shipper);
  const stopped = shipper.stop();
  await vi.advanceTimersByTimeAsync(500);
  await stopped;
  expect(vi.getTimerCount()).toBe(0);
});
