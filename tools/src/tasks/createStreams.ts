import { EventLog } from '@jobstream/eventlog';
import { eventLogSettings, readConfig } from '@jobstream/runtime';

/**
 * Creates the streams of the event log where they are missing, with the settings of the environment, or checks that they
 * agree with it: StreamMismatchError, LogUnavailableError.
 */
export async function createStreams(env: NodeJS.ProcessEnv): Promise<void> {
  const log = new EventLog({ ...eventLogSettings(readConfig(env)), name: 'migrate' });
  await log.start();
  await log.stop();
}
