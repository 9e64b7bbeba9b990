import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import path from 'node:path';

/** How the tests took a mutant. */
export interface TestOutcome {
  readonly kind: 'passed' | 'failed' | 'timed out';
  /** The first test that failed. */
  readonly by?: string;
  readonly ms: number;
}

/** Milliseconds for a test that a mutant makes wait for ever. */
const TEST_TIMEOUT_MS = 30_000;

/** Runs these test files in the folder up to the first failure, at most for `timeoutMs`. */
export async function runMutantTests(
  folder: string,
  files: readonly string[],
  timeoutMs: number,
): Promise<TestOutcome> {
  const began = performance.now();
  const options = ['--bail=1', `--testTimeout=${TEST_TIMEOUT_MS}`, `--hookTimeout=${TEST_TIMEOUT_MS}`];
  const child = spawn(
    process.execPath,
    [path.join('tools', 'bootstrap.mjs'), path.join('tools', 'test.ts'), ...files, ...options],
    {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  const late = AbortSignal.timeout(timeoutMs);
  const end = () => process.kill(-(child.pid as number), 'SIGTERM');
  late.addEventListener('abort', end);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  late.removeEventListener('abort', end);
  const ms = Math.round(performance.now() - began);
  if (code === 0) return { kind: 'passed', ms };
  if (late.aborted) return { kind: 'timed out', ms };
  return { kind: 'failed', by: firstFailure(errors + output), ms };
}

function firstFailure(output: string): string {
  return (
    /^ *FAIL +(?:\|\w+\| )?(.*)$/m.exec(output)?.[1]?.trim() ??
    /^.*Error.*$/m.exec(output)?.[0].trim() ??
    'no test could run'
  );
}
