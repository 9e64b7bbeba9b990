import { EventLog } from '@jobstream/eventlog';
import { eventLogSettings, readConfig } from '@jobstream/runtime';

/**
 * Creates the streams that are missing on the NATS server of `env`, with the settings of `env`, or checks that the
 * existing ones agree with them. Use it where the user of a process may not create streams.
 *
 * @throws what `EventLog.start` throws.
 */
export async function createStreams(env: NodeJS.ProcessEnv): Promise<void> {
  const logger = { info: () => undefined, warn: (details: object, text: string) => console.warn(text, details) };
  const log = new EventLog({ ...eventLogSettings(readConfig(env)), name: 'migrate', logger });
  await log.start();
  await log.stop();
}
