import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';
import type { StageResult } from './runStages.ts';

const PAGE = 'docs/measurements/ci.md';

interface Surroundings {
  /** What else the machine did. */
  readonly beside: string;
}

/** Adds a row with the durations of a run to docs/measurements/ci.md, whose last lines are its table. */
export async function recordRun(results: readonly StageResult[], { beside }: Surroundings): Promise<void> {
  const commit = await runCommand('git', ['rev-parse', '--short=8', 'HEAD'], { cwd: repositoryRoot });
  const row = recordedRow(results, { commit: commit.trim(), beside, now: new Date() });
  await appendFile(path.join(repositoryRoot, PAGE), `${row}\n`);
}

/** Returns the row of a run: when, of what, beside what, each stage's seconds, the total, how many failed, what was flaky. */
export function recordedRow(
  results: readonly StageResult[],
  { commit, beside, now }: Surroundings & { readonly commit: string; readonly now: Date },
): string {
  const rounded = results.map(({ stage, seconds }) => `${stage.name} ${Math.round(seconds)}`);
  const total = Math.round(results.reduce((sum, { seconds }) => sum + seconds, 0));
  const [passed, failed] = [sumOf(results, 'passed'), sumOf(results, 'failed')];
  const flaky = results.flatMap(({ complaints }) => complaints).filter((line) => line.startsWith('flaky: '));
  const cells = [
    now.toISOString().slice(0, 16),
    commit,
    beside,
    rounded.join(', '),
    total,
    passed,
    failed,
    flaky.length,
  ];
  return `| ${cells.join(' | ')} |`;
}

function sumOf(results: readonly StageResult[], count: 'passed' | 'failed'): number {
  return results.reduce((sum, result) => sum + result[count], 0);
}
