import { firstStep, shareOut, type Share, type StepRule } from './shareOut.ts';
import { stacksOfTraces } from './stacksOfTraces.ts';
import { runCommand } from '@jobstream/servers';

/** How the processor time in profiles of nats-server falls to the steps. Needs Go, whose tool reads such profiles. */
export async function stepsOfServer(files: readonly string[], rules: readonly StepRule[]): Promise<Share[]> {
  const texts = await Promise.all(files.map((file) => runCommand('go', ['tool', 'pprof', '-traces', file])));
  return shareOut(texts.flatMap(stacksOfTraces), rules, firstStep);
}
