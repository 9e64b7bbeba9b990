import type { StageResult } from './runStage.ts';
import type { Stage } from './stage.ts';

/**
 * How each stage that failed ended, for whoever sees the end of the output alone; then what every stage counts for and
 * how long it took, and the line with which CI ends: `N passed, N failed`.
 */
export function summaryLines(stages: readonly Stage[], results: readonly StageResult[]): string[] {
  const total = sumOf(results, ({ seconds }) => seconds);
  const passed = sumOf(results, (result) => result.passed);
  const failed = sumOf(results, (result) => result.failed);
  return [
    ...results.flatMap((result) => endingOf(result)),
    '',
    ...results.map((result) => rowOf(result)),
    ...stages.slice(results.length).map(({ name }) => `${name.padEnd(14)} not run`),
    `${'all stages'.padEnd(14)} ${secondsOf(total)}`,
    `${passed} passed, ${failed} failed`,
  ];
}

function endingOf({ stage, failed, tail }: StageResult): string[] {
  return failed === 0 ? [] : ['', `== ${stage.name} failed; its last lines:`, ...tail];
}

function rowOf({ stage, passed, failed, seconds }: StageResult): string {
  const verdict = failed === 0 ? 'ok' : 'FAILED';
  return `${stage.name.padEnd(14)} ${secondsOf(seconds)}  ${verdict.padEnd(6)}  ${passed} passed, ${failed} failed`;
}

function secondsOf(seconds: number): string {
  return `${seconds.toFixed(1).padStart(7)} s`;
}

function sumOf(results: readonly StageResult[], valueOf: (result: StageResult) => number): number {
  return results.reduce((sum, result) => sum + valueOf(result), 0);
}
