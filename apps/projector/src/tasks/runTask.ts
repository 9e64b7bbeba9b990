import { openArchive } from '@jobstream/archive';
import { EventLog } from '@jobstream/eventlog';
import { ConfigError, eventLogSettings, misspeltSettings, readConfig, USAGE_EXIT_CODE } from '@jobstream/runtime';
import type { Config } from '@jobstream/runtime';
import { UsageError } from './parseTaskArguments.ts';
import type { OnProgress } from './progressMeter.ts';
import { ProgressMeter } from './progressMeter.ts';

export interface TaskContext {
  /** Connects to the log while `use` runs. */
  withLog<Result>(use: (eventLog: EventLog) => Promise<Result>): Promise<Result>;
  readonly archive: ReturnType<typeof openArchive>;
  readonly databaseUrl: string;
  /** Aborted by SIGTERM, SIGINT, or when the parent process closes the IPC channel. */
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
  /** Writes a line of the result. */
  readonly print: (line: string) => void;
}

/** Exit codes: 0 success, 1 differences were found, 2 the task failed; 64 for wrong arguments. */
export type ExitCode = 0 | 1 | 2;

const FAILED = 2;

/**
 * Runs a process that does one task: reads the environment, runs the task, and exits with its code. Progress goes to
 * standard error, the result to standard output, a failure as one sentence to standard error.
 */
export async function runTask(name: string, task: (parts: TaskContext) => Promise<ExitCode>): Promise<never> {
  const bar = process.stderr.isTTY;
  const meter = new ProgressMeter({ write: (text) => process.stderr.write(text), bar });
  const print = (line: string) => {
    meter.end();
    process.stdout.write(`${line}\n`);
  };
  const stop = stopSignal();
  try {
    const config = readConfig();
    for (const sentence of misspeltSettings()) process.stderr.write(`${sentence}\n`);
    process.exitCode = await task({
      archive: openArchive(config),
      withLog: (use) => withLog(name, config, use),
      databaseUrl: config.DATABASE_URL,
      stop,
      onProgress: meter.report,
      print,
    });
  } catch (error) {
    meter.end();
    process.stderr.write(`${sentenceOf(error, stop)}\n`);
    process.exitCode = error instanceof UsageError ? USAGE_EXIT_CODE : FAILED;
  }
  process.exit();
}

async function withLog<Result>(
  name: string,
  config: Config,
  use: (eventLog: EventLog) => Promise<Result>,
): Promise<Result> {
  const eventLog = new EventLog({
    ...eventLogSettings(config),
    masterKeys: [],
    name,
    archive: openArchive(config)?.archive,
  });
  await eventLog.start();
  try {
    return await use(eventLog);
  } finally {
    await eventLog.stop();
  }
}

function sentenceOf(error: unknown, stop: AbortSignal): string {
  if (stop.aborted && !(error instanceof ConfigError)) return 'stopped';
  return error instanceof Error ? error.message : String(error);
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(FAILED);
    controller.abort(new Error('stopped'));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.once('disconnect', () => controller.signal.aborted || stop());
  return controller.signal;
}
