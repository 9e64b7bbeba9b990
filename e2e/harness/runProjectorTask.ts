import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { builtProgram, TestProcess } from '@jobstream/test-support';

/** Runs a task of the projector to its end; `env` is its whole environment. */
export async function runProjectorTask(
  task: 'archive' | 'rebuild' | 'verify',
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<{ code: number | string; output: string }> {
  const script = path.join(repositoryRoot, 'apps', 'projector', 'src', task, 'main.ts');
  await using run = TestProcess.node(builtProgram(script), { env, args });
  return { code: await run.ended, output: run.output };
}
