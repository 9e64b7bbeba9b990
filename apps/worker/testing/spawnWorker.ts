import { fileURLToPath } from 'node:url';
import { builtProgram, TestProcess } from '@jobstream/test-support';

/** Starts the shipped worker as a process, or one from a script beside this file; `env` is its whole environment. */
export function spawnWorker(env: Record<string, string>, script = '../src/main.ts'): TestProcess {
  return TestProcess.node(builtProgram(fileURLToPath(new URL(script, import.meta.url))), { env });
}
