import { EventLog } from '@jobstream/eventlog';
import { eventLogSettings, logsRetention, readConfig } from '@jobstream/runtime';

/**
 * Creates the streams that are missing on the NATS server of `env`, with the settings of `env`, or checks that the
 * existing ones agree with them; and the consumers that belong to no job type. Use it where the user of a process may not create streams.
 *
 * @throws what `EventLog.start` throws.
 */
export async function createStreams(env: NodeJS.ProcessEnv): Promise<void> {
  const logger = { info: () => undefined, warn: (details: object, text: string) => console.warn(text, details) };
  const config = readConfig(env);
  const log = new EventLog({
    ...eventLogSettings(config),
    logsRetention: logsRetention(config),
    name: 'migrate',
    logger,
  });
  await log.start();
  try {
    await log.unique.allow();
    await log.consumers.createProcessConsumers(config.ACK_WAIT_MS);
  } finally {
    await log.stop();
  }
}
