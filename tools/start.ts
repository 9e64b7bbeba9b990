import path from 'node:path';
import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { dataDirOf, dataDirOption } from './src/commandLine/dataDir.ts';
import { runTool } from './src/commandLine/runTool.ts';
import { prefixedLog } from './src/system/prefixedLog.ts';
import type { WriteLine } from './src/system/prefixedLog.ts';
import { System } from './src/system/system.ts';

const { values } = readCommandLine({
  command: 'npm start',
  summary: 'Starts the whole system with embedded servers: NATS, Postgres, worker, projector and API. Ctrl-C stops it.',
  options: dataDirOption,
  environment: {
    PORT: 'The port of the API; default 3000, or a free one.',
    DATA_DIR: 'The folder for data; default .data.',
    NATS_URL: 'A NATS server to use instead of the embedded one.',
    NATS_OPEN: '`true` runs the embedded NATS without users and passwords.',
    DATABASE_URL: 'A database to use instead of the embedded one.',
    LOG_FORMAT: '`json` passes on the log lines of the processes as they are.',
  },
  notes: ['All settings of the processes: docs/configuration.md.'],
});

await runTool(async ({ guard, stopped }) => {
  const writeLine = prefixedLog({
    write: (text) => process.stdout.write(text),
    colours: process.stdout.isTTY,
    json: process.env['LOG_FORMAT'] === 'json',
  });
  const dataDir = dataDirOf(values);
  const appsFolder = path.join(repositoryRoot, 'apps');
  const system = new System({ dataDir, env: process.env, appsFolder, guard, writeLine });
  process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM')); // the reader of our output has ended
  try {
    await Promise.race([system.start().then(() => readyMessage(system, writeLine)), stopped]);
    await stopped;
    writeLine('start', 'stopping');
  } finally {
    await system.stop();
  }
});

/** Writes the addresses of the system, with a first job to try. */
function readyMessage(system: System, writeLine: WriteLine): void {
  const { apiUrl, natsUrl, workerNatsUrl, natsContext, databaseUrl } = system;
  const job = JSON.stringify({ type: 'email', payload: { to: 'user@example.com' } });
  const lines = [
    `ready: ${apiUrl}`,
    `NATS ${natsUrl}`,
    `Postgres ${databaseUrl}`,
    `a worker of your own: NATS_URL=${workerNatsUrl} node worker.js (docs/handlers.md)`,
    `the nats command line: XDG_CONFIG_HOME=${natsContext} nats stream ls (docs/replay.md)`,
    `curl -si -X POST ${apiUrl}/api/jobs -H 'content-type: application/json' -d '${job}'`,
  ];
  for (const line of lines) writeLine('start', line);
}
