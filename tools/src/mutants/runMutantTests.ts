import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import path from 'node:path';
import { startTheirServers } from './testsOfMutant.ts';

/** How the tests took a mutant. */
export interface TestOutcome {
  readonly kind: 'passed' | 'failed' | 'timed out';
  /** The first test that failed. */
  readonly by?: string;
  /** The file of that test, if it is known. */
  readonly file?: string;
  /** The files that have passed before. */
  readonly passed?: readonly string[];
  /** Milliseconds that the first test that failed took, or the run. */
  readonly ms: number;
}

export interface TestRun {
  readonly folder: string;
  readonly files: readonly string[];
  /** Milliseconds for the run. */
  readonly timeoutMs: number;
  /** Milliseconds for a test, which a mutant may let wait for ever. */
  readonly testTimeoutMs: number;
  /** How many test files run at once. */
  readonly jobs: number;
}

/** Runs test files up to the first failure. */
export async function runMutantTests(run: TestRun): Promise<TestOutcome> {
  const begun = performance.now();
  const limit = `Timeout=${run.testTimeoutMs}`;
  const options = ['--bail=1', `--test${limit}`, `--hook${limit}`, `--maxWorkers=${run.jobs}`];
  const child = spawn(process.execPath, [path.join('tools', 'test.ts'), ...run.files, ...options], {
    cwd: run.folder,
    env: {
      ...process.env,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      ...(startTheirServers(run.files) ? { TEST_SETUP: 'none' } : {}),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const late = AbortSignal.timeout(run.timeoutMs);
  // Not SIGTERM, which a process that loops does not notice; guards stop its servers.
  const end = () => process.kill(-(child.pid as number), 'SIGKILL');
  late.addEventListener('abort', end);
  process.once('exit', end);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  late.removeEventListener('abort', end);
  process.off('exit', end);
  const ms = Math.round(performance.now() - begun);
  if (code === 0) return { kind: 'passed', ms };
  if (late.aborted) return { kind: 'timed out', by: 'the time limit of the run', ms };
  return { kind: 'failed', ms, ...firstFailure(errors + output), passed: passedFiles(output) };
}

/** Finds the first failure in what Vitest has written. */
export function firstFailure(output: string): Pick<TestOutcome, 'by' | 'file'> & { readonly ms?: number } {
  const by = /^ *FAIL +(?:\|\w+\| )?(.*)$/m.exec(output)?.[1]?.trim();
  if (by === undefined) return { by: /^\w*Error: .*$/m.exec(output)?.[0] ?? 'no test could run' };
  const file = fileOf(by);
  const ms = /^ *× .* (\d+)ms$/m.exec(output)?.[1];
  return { by, ...(file === undefined ? {} : { file }), ...(ms === undefined ? {} : { ms: Number(ms) }) };
}

/** Finds the files that have passed in what Vitest has written. */
export function passedFiles(output: string): readonly string[] {
  return [...output.matchAll(/^ *✓ +(?:\|\w+\| )?(\S+\.test\.ts) \(/gm)].map(([, file = '']) => file);
}

/** Returns the file of a test that Vitest has named. */
export function fileOf(test: string): string | undefined {
  return /^\S+\.test\.ts/.exec(test)?.[0];
}
