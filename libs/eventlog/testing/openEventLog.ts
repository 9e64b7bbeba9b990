import { EventLog } from '../src/eventLog.ts';
import type { EventLogOptions } from '../src/eventLogOptions.ts';

/** A started event log that ends with the test, and is patient unless told: `await using log = await openEventLog({ url })`. */
export async function openEventLog(
  options: Partial<EventLogOptions> & { url: string },
): Promise<EventLog & AsyncDisposable> {
  const log = new EventLog({ name: 'test', deadlineMs: 30_000, ...options });
  await log.start();
  return Object.assign(log, { [Symbol.asyncDispose]: () => log.stop() });
}
