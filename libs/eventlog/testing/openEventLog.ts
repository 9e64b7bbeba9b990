import { startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll } from 'vitest';
import { EventLog } from '../src/eventLog.ts';
import type { EventLogOptions } from '../src/eventLogOptions.ts';

/** Starts an event log that stops at the end of its block, with a deadline of 30 s unless `options` has another. */
export async function openEventLog(
  options: Partial<EventLogOptions> & { url: string },
): Promise<EventLog & AsyncDisposable> {
  const log = new EventLog({ name: 'test', deadlineMs: 30_000, ...options });
  await log.start();
  return Object.assign(log, { [Symbol.asyncDispose]: () => log.stop() });
}

/** Starts a server and an event log before the tests of a file, and stops both after them. */
export function useEventLog(options: Partial<EventLogOptions> = {}): {
  readonly nats: TestNats;
  readonly log: EventLog;
} {
  const stage = {} as { nats: TestNats; log: EventLog };
  beforeAll(async () => {
    stage.nats = await startNats();
    stage.log = await openEventLog({ url: stage.nats.url, ...options });
  });
  afterAll(async () => {
    await stage.log.stop();
    await stage.nats.stop();
  });
  return stage;
}
