import type { CommandSurroundings } from './runShellCommand.ts';
import { runStage } from './runStage.ts';
import type { StageResult } from './runStage.ts';
import type { Stage } from './stage.ts';

/** Runs one stage after the other. One that fails does not keep the others from running, unless it is a blocking one. */
export async function runStages(stages: readonly Stage[], surroundings: CommandSurroundings): Promise<StageResult[]> {
  const { writeLine, stop } = surroundings;
  const results: StageResult[] = [];
  for (const stage of stages) {
    writeLine(`\n== ${stage.name}: ${stage.command}`);
    const result = await runStage(stage, surroundings);
    results.push(result);
    if (stop.aborted || (stage.blocking === true && result.failed > 0)) break;
  }
  return results;
}
