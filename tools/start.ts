import path from 'node:path';
import { readCommandLine, typedCommand } from '@jobstream/runtime';
import type { Guard } from '@jobstream/servers';
import { dataDirOf, dataDirOption } from './src/commandLine/dataDir.ts';
import { runTool } from './src/commandLine/runTool.ts';
import { dashboardBuild } from './src/dashboard/dashboardBuild.ts';
import { handlerModules } from './src/handlers/handlerModules.ts';
import { ReloadingHandlers } from './src/handlers/reloadingHandlers.ts';
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
    handlers: {
      type: 'string',
      value: 'place',
      help: 'Runs your handlers too: a module or a folder of modules, started anew when their code changes.',
    },
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

/** Where the command was typed: npm and the bootstrap run it in the root of the clone. */
const invokedIn = process.env['INIT_CWD'] ?? process.cwd();
const { stdout } = process;
const dashboard = process.env['DASHBOARD'] === 'false' || process.env['DASHBOARD_DIR'] ? undefined : dashboardBuild();
const env: NodeJS.ProcessEnv = {
  ...process.env,
  ...(dashboard === undefined ? {} : { DASHBOARD_DIR: dashboard.folder }),
};
const json = env['LOG_FORMAT'] === 'json';
const status = new StatusLine({
  write: (text) => stdout.write(text),
  isTerminal: stdout.isTTY && !json,
  columns: () => stdout.columns,
});

await runTool(async ({ guard, stopped }) => {
  const writeLine = createLog();
  const system = new System({ dataDir: dataDirOf(values), env, guard, writeLine, onStep });
  stdout.on('error', () => process.kill(process.pid, 'SIGTERM')); // the reader of our output has ended
  let handlers: ReloadingHandlers | undefined;
  const ending = new AbortController();
  let building: Promise<void> | undefined;
  const onReady = () => {
    status.clear();
    readyMessage(system, writeLine);
    if (!json) status.pin(`Jobstream runs on ${system.apiUrl}; Ctrl-C stops it.`);
    handlers = startHandlers(system, guard, writeLine);
    building = buildDashboard(ending.signal, writeLine);
  };
  try {
    checkHandlers();
    await Promise.race([system.start().then(onReady), stopped]);
    await stopped;
    status.clear();
    writeLine('start', 'stopping');
  } finally {
    status.clear();
    ending.abort();
    await handlers?.stop();
    await system.stop();
    await building;
  }
});

function onStep(activity: string): void {
  if (!json) status.begin(activity);
}

function createLog(): WriteLine {
  const all = prefixedLog({ write: status.write, colours: stdout.isTTY, json });
  const isVerbose = values.verbose === true || json || Boolean(env['LOG_LEVEL']);
  return isVerbose ? all : quietLog(all, ['start', 'handlers']);
}

/** A place without modules is reported before anything is started. */
function checkHandlers(): void {
  if (values.handlers !== undefined) handlerModules(path.resolve(invokedIn, values.handlers));
}

/** A running job is given an hour to finish with its code, unless the developer says otherwise. */
function startHandlers(system: System, guard: Guard, writeLine: WriteLine): ReloadingHandlers | undefined {
  if (values.handlers === undefined) return undefined;
  const place = path.resolve(invokedIn, values.handlers);
  const workerEnv = { SHUTDOWN_GRACE_MS: '3600000', ...system.workerEnv };
  const handlers = new ReloadingHandlers({ place, cwd: invokedIn, env: workerEnv, guard, writeLine });
  handlers.start();
  return handlers;
}

/** In the background: until the page is built, the API says so at its address. */
async function buildDashboard(signal: AbortSignal, writeLine: WriteLine): Promise<void> {
  await dashboard?.run(signal).catch((error: unknown) => {
    if (!signal.aborted) writeLine('start', `the dashboard cannot be built: ${String(error)}`);
  });
}

/** The command that creates a job. It finds the API at its usual address by itself. */
function firstJob(apiUrl: string): string {
  const elsewhere = new URL(apiUrl).port === '3000' ? '' : ` --url ${apiUrl}`;
  const args = `email '{"to": "user@example.com"}'${elsewhere}`;
  return env['JOBSTREAM_COMMAND'] ? typedCommand('enqueue', args) : typedCommand('jobstream', `enqueue ${args}`);
}

/** Writes the addresses of the system, with a first job to try. */
function readyMessage(system: System, writeLine: WriteLine): void {
  const { apiUrl, natsUrl, workerNatsUrl, natsContext, databaseUrl } = system;
  const lines = [
    `ready: ${apiUrl}`,
    ...(env['DASHBOARD'] === 'false' ? [] : [`dashboard ${apiUrl}/dashboard`]),
    `NATS ${natsUrl}`,
    `Postgres ${databaseUrl}`,
    `a worker of your own: NATS_URL=${workerNatsUrl} node worker.js (docs/handlers.md)`,
    `the nats command line: XDG_CONFIG_HOME=${natsContext} nats stream ls (docs/replay.md)`,
    firstJob(apiUrl),
    `or with curl: curl -s ${apiUrl}/api/jobs -H 'content-type: application/json' -d '{"type":"email","payload":{"to":"user@example.com"}}'`,
  ];
  for (const line of lines) writeLine('start', line);
}
