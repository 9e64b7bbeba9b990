import { fileURLToPath } from 'node:url';
import { builtProgram, TestProcess } from '@jobstream/test-support';

/** Starts a relay as a process; `env` is its whole environment. */
export function spawnRelay(env: Record<string, string>): TestProcess {
  return TestProcess.node(builtProgram(fileURLToPath(new URL('../src/main.ts', import.meta.url))), { env });
}
