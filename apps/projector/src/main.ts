import { EventLog } from '@jobstream/eventlog';
import { eventLogSettings, runProcess } from '@jobstream/runtime';
import { Projector } from './projector.ts';

await runProcess('projector', (config, logger) => {
  const eventLog = new EventLog({ ...eventLogSettings(config), name: 'projector', logger });
  const projector = new Projector({
    eventLog,
    databaseUrl: config.DATABASE_URL,
    logger,
    onFailure: (error) => {
      logger.fatal({ err: error }, error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
      process.kill(process.pid, 'SIGTERM'); // the orderly end, for which runProcess waits
    },
  });
  return [eventLog, projector];
});
