import { stripVTControlCharacters } from 'node:util';
import { runShellCommand } from './runShellCommand.ts';
import type { CommandSurroundings } from './runShellCommand.ts';
import type { Stage } from './stages.ts';

const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, \d+ skipped)?$/;
const DEFAULT_MINUTES = 30;
const TAIL_LINES = 80;
/** How our commands name a test that failed. */
const COMPLAINT = /^(?:failed: |FAILED |flaky: )/;
const COMPLAINTS = 20;
interface StageTally {
  readonly passed: number;
  readonly failed: number;
}

export interface StageResult extends StageTally {
  readonly stage: Stage;
  /** When it began, in milliseconds of `performance.now()`. */
  readonly begin: number;
  readonly seconds: number;
  /** The last lines that it wrote. */
  readonly tail: readonly string[];
  /** The first of its lines that name a test that failed. */
  readonly complaints: readonly string[];
}

interface RunLimits {
  /** After so many milliseconds the run is ended: the stage that runs counts as failed, and no other begins. */
  readonly limitMs?: number;
}

/** Runs the stages one after the other, and returns their results. When the first one fails, no other runs. */
export async function runStages(
  stages: readonly Stage[],
  surroundings: CommandSurroundings,
  { limitMs }: RunLimits = {},
): Promise<StageResult[]> {
  if (limitMs === undefined) return runUntilStopped(stages, surroundings);
  const limit = AbortSignal.timeout(limitMs);
  const stop = AbortSignal.any([surroundings.stop, limit]);
  const results = await runUntilStopped(stages, { ...surroundings, stop });
  if (limit.aborted) surroundings.writeLine(`\nthe run took longer than ${limitMs / 60_000} minutes and was ended`);
  return results;
}

async function runUntilStopped(stages: readonly Stage[], surroundings: CommandSurroundings): Promise<StageResult[]> {
  const results: StageResult[] = [];
  for (const stage of stages) {
    if (surroundings.stop.aborted) break;
    const result = await runStage(stage, surroundings);
    results.push(result);
    if (stage.isFirst === true && result.failed > 0) break;
  }
  return results;
}

/** Runs a stage to its end, or until it is overdue, and passes on its output line by line. */
async function runStage(stage: Stage, surroundings: CommandSurroundings): Promise<StageResult> {
  surroundings.writeLine(`\n== ${stage.name}: ${stage.command}`);
  const begin = performance.now();
  const { minutes = DEFAULT_MINUTES } = stage;
  const overdue = AbortSignal.timeout(minutes * 60_000);
  const stop = AbortSignal.any([surroundings.stop, overdue]);
  const tail: string[] = [];
  const complaints: string[] = [];
  const writeLine = (line: string) => {
    if (tail.push(line) > TAIL_LINES) tail.shift();
    if (COMPLAINT.test(line) && complaints.length < COMPLAINTS) complaints.push(line);
    surroundings.writeLine(line);
  };
  const { lastLine, code } = await runShellCommand(stage.command, { ...surroundings, writeLine, stop });
  if (overdue.aborted) writeLine(`${stage.name} took longer than ${minutes} minutes and was ended`);
  const tally = stageTally(lastLine, stop.aborted ? 1 : code);
  return { stage, ...tally, tail, complaints, begin, seconds: (performance.now() - begin) / 1_000 };
}

/**
 * Returns how many tests a stage counts for: those of its closing line `N passed, N failed`, or else one. A stage that
 * exits with a failure counts at least one failed, also when its closing line has none.
 */
export function stageTally(lastLine: string, exitCode: number): StageTally {
  const said = CLOSING_LINE.exec(stripVTControlCharacters(lastLine).trim());
  const unsaid = exitCode === 0 ? 0 : 1;
  if (said === null) return { passed: 1 - unsaid, failed: unsaid };
  return { passed: Number(said[1]), failed: Math.max(Number(said[2]), unsaid) };
}

/**
 * Returns the end of CI's output: the last lines of each stage that failed; a row for each stage with its duration and its
 * count, and with the tests of it that failed; and the closing line `N passed, N failed`.
 */
export function summaryLines(stages: readonly Stage[], results: readonly StageResult[]): string[] {
  const begins = results.map(({ begin }) => begin);
  const ends = results.map(({ begin, seconds }) => begin / 1_000 + seconds);
  const total = Math.max(...ends) - Math.min(...begins) / 1_000;
  const ran = new Set(results.map(({ stage }) => stage));
  const passed = sumOf(results, (result) => result.passed);
  const failed = sumOf(results, (result) => result.failed);
  return [
    ...results.flatMap((result) => endingOf(result)),
    '',
    ...results.flatMap((result) => [rowOf(result), ...result.complaints.map((line) => `  ${line}`)]),
    ...stages.filter((stage) => !ran.has(stage)).map(({ name }) => `${name.padEnd(14)} not run`),
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
