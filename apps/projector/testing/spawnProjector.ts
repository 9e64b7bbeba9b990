import { fileURLToPath } from 'node:url';
import { builtProgram, TestProcess } from '@jobstream/test-support';

/** Starts a projector as a process; `env` is its whole environment. */
export function spawnProjector(env: Record<string, string>): TestProcess {
  return TestProcess.node(builtProgram(fileURLToPath(new URL('../src/main.ts', import.meta.url))), { env });
}

/** Starts a task of the projector as a process; `env` is its whole environment. */
export function spawnTask(
  name: 'rebuild' | 'verify' | 'archive',
  args: readonly string[],
  env: Record<string, string>,
): TestProcess {
  const script = fileURLToPath(new URL(`../src/${name}/main.ts`, import.meta.url));
  return TestProcess.node(builtProgram(script), { args, env });
}
