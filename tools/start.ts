import path from 'node:path';
import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { dataDirOf, dataDirOption } from './src/commandLine/dataDir.ts';
import { runTool } from './src/commandLine/runTool.ts';
import { prefixedLog } from './src/output/prefixedLog.ts';
import type { WriteLine } from './src/output/prefixedLog.ts';
import { quietLog } from './src/output/quietLog.ts';
import { StatusLine } from './src/output/statusLine.ts';
import { System } from './src/system/system.ts';

const { values } = readCommandLine({
  command: 'npm start',
  summary:
    'Starts the whole system with embedded servers: NATS, Postgres, worker, projector and API. Ctrl-C stops it.\n' +
    'Writes a line for the outcome of each job, and warnings and errors.',
  options: {
    verbose: { type: 'boolean', short: 'v', help: 'Writes all lines of the processes; so does LOG_LEVEL.' },
    ...dataDirOption,
  },
  environment: {
    PORT: 'The port of the API; default 3000, or a free one.',
    DEV_NATS_PORT: 'The port of the embedded NATS; default that of the last start, at first 4222.',
    DATA_DIR: 'The folder for data; default .data.',
    NATS_URL: 'A NATS server to use instead of the embedded one.',
    NATS_OPEN: '`true` runs the embedded NATS without users and passwords.',
    DATABASE_URL: 'A database to use instead of the embedded one.',
    LOG_LEVEL: 'The lowest level that is written; without it only the outcome of jobs, warnings and errors.',
    LOG_FORMAT: '`json` passes on the log lines of the processes as they are.',
  },
  notes: ['All settings of the processes: docs/configuration.md.'],
});

await runTool(async ({ guard, stopped }) => {
  const { stdout, env } = process;
  const json = env['LOG_FORMAT'] === 'json';
  const isTerminal = stdout.isTTY && !json;
  const status = new StatusLine({ write: (text) => stdout.write(text), isTerminal, columns: () => stdout.columns });
  const all = prefixedLog({ write: status.write, colours: stdout.isTTY, json });
  const isVerbose = values.verbose === true || json || Boolean(env['LOG_LEVEL']);
  const writeLine = isVerbose ? all : quietLog(all, ['start', 'handlers']);
  const appsFolder = path.join(repositoryRoot, 'apps');
  const onStep = (activity: string) => json || status.begin(activity);
  const system = new System({ dataDir: dataDirOf(values), env, appsFolder, guard, writeLine, onStep });
  stdout.on('error', () => process.kill(process.pid, 'SIGTERM')); // the reader of our output has ended
  const show = () => {
    status.clear();
    readyMessage(system, writeLine);
    if (!json) status.pin(`Jobstream runs on ${system.apiUrl}; Ctrl-C stops it.`);
  };
  try {
    await Promise.race([system.start().then(show), stopped]);
    await stopped;
    status.clear();
    writeLine('start', 'stopping');
  } finally {
    status.clear();
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
