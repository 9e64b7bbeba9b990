import type { Stage } from './stage.ts';
import { runShellCommand } from './runShellCommand.ts';
import type { CommandSurroundings } from './runShellCommand.ts';
import { stageTally } from './stageTally.ts';
import type { StageTally } from './stageTally.ts';

export interface StageResult extends StageTally {
  readonly stage: Stage;
  readonly seconds: number;
  /** The last lines that it wrote. */
  readonly tail: readonly string[];
}

const minutesIfNotGiven = 30;
const linesOfTail = 80;

/** Runs a stage to its end and passes on what it writes. */
export async function runStage(stage: Stage, surroundings: CommandSurroundings): Promise<StageResult> {
  const begin = performance.now();
  const { minutes = minutesIfNotGiven } = stage;
  const overdue = AbortSignal.timeout(minutes * 60_000);
  const stop = AbortSignal.any([surroundings.stop, overdue]);
  const tail: string[] = [];
  const writeLine = (line: string) => {
    if (tail.push(line) > linesOfTail) tail.shift();
    surroundings.writeLine(line);
  };
  const { lastLine, code } = await runShellCommand(stage.command, { ...surroundings, writeLine, stop });
  if (overdue.aborted) writeLine(`${stage.name} took longer than ${minutes} minutes and was ended`);
  const tally = stageTally(lastLine, stop.aborted ? 1 : code);
  return { stage, ...tally, tail, seconds: (performance.now() - begin) / 1_000 };
}
