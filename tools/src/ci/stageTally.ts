import { stripVTControlCharacters } from 'node:util';

export interface StageTally {
  readonly passed: number;
  readonly failed: number;
}

const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, \d+ skipped)?$/;

/**
 * What a stage counts for: the tally with which it ends, or one, passed or failed. A stage that exits with a failure has
 * at least one, whatever it says of itself.
 */
export function stageTally(lastLine: string, exitCode: number): StageTally {
  const said = CLOSING_LINE.exec(stripVTControlCharacters(lastLine).trim());
  const unsaid = exitCode === 0 ? 0 : 1;
  if (said === null) return { passed: 1 - unsaid, failed: unsaid };
  return { passed: Number(said[1]), failed: Math.max(Number(said[2]), unsaid) };
}
