import type { Outbox } from '@jobstream/outbox';
import { createLogger, Metrics } from '@jobstream/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CauseLog } from './causeLog.ts';
import { claimRoom } from './claimRoom.ts';
import type { OutboxRelayOptions } from './relayContext.ts';
import { relayMetrics } from './relayMetrics.ts';
import { RepeatedFailures } from './repeatedFailures.ts';
import { Rotation } from './rotation.ts';
import { TableCursors } from './tableCursors.ts';
import { UnknownTypes } from './unknownTypes.ts';

const NOTHING = { waiting: 0, isEstimate: false, deferred: 0, rejected: 0, oldest: undefined, bytes: 0 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A rotation that is told when its turns are. */
class TurnedRotation extends Rotation {
  /** Lets turns follow each other for so many milliseconds, with the pauses that they ask for. */
  async turnFor(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) vi.advanceTimersByTime(Number(await this.turn()));
  }
}

/** @param count is what happens while the database counts. */
function rotationOf(count: () => Promise<typeof NOTHING>) {
  const rotate = vi.fn<Outbox['rotate']>(() => Promise.resolve([]));
  const outbox = { name: 'test', isCurrent: true, rotate, count: vi.fn<Outbox['count']>(count) };
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = {
    outbox: outbox as unknown as Outbox,
    room: claimRoom(1),
    metrics: relayMetrics(new Metrics()),
    logger,
  };
  const causes = new CauseLog(logger);
  const log = { announcements: { announcedTypes: () => Promise.resolve([]) } };
  const unknownTypes = new UnknownTypes({ log, causes, outbox: 'test' });
  const shared = { cursors: new TableCursors(), causes, failures: new RepeatedFailures(), unknownTypes };
  const rotation = new TurnedRotation(options as unknown as OutboxRelayOptions, {
    ...shared,
    isBusy: false,
    hasDeferred: false,
  });
  return { rotation, outbox };
}

test('a count that has failed is not begun again with the next rotation', async () => {
  const { rotation, outbox } = rotationOf(() =>
    Promise.reject(new Error('canceling statement due to statement timeout')),
  );
  await rotation.turnFor(4_500);
  expect([outbox.rotate.mock.calls.length, outbox.count.mock.calls.length]).toEqual([9, 1]);
  await rotation.turnFor(1_000);
  expect(outbox.count).toHaveBeenCalledTimes(2);
});

test('a count that takes long is repeated the less often', async () => {
  const { rotation, outbox } = rotationOf(() => {
    vi.advanceTimersByTime(9_000);
    return Promise.resolve(NOTHING);
  });
  await rotation.turnFor(180_000);
  expect(outbox.count).toHaveBeenCalledTimes(1);
  await rotation.turnFor(30_000);
  expect(outbox.count).toHaveBeenCalledTimes(2);
});
