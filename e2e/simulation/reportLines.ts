import { countOf } from '@jobstream/runtime';
import type { Simulation } from './simulate.ts';

const MOST_SHOWN = 10;

/** What is printed of a run that broke a rule: which, and the command that repeats it; nothing of one that kept them. */
export function failureLines(seed: number, { findings }: Simulation, jobs?: string): readonly string[] {
  if (findings.length === 0) return [];
  const shown = findings.slice(0, MOST_SHOWN).map(({ rule, jobId, detail }) => `  ${rule}: ${jobId ?? ''} ${detail}`);
  const more = findings.length > MOST_SHOWN ? [`  and ${findings.length - MOST_SHOWN} more`] : [];
  const size = jobs === undefined ? '' : ` --jobs ${jobs}`;
  return [
    `seed ${seed}:`,
    ...shown,
    ...more,
    `  repeat it: npm run simulate -- --seed ${seed} --runs 1${size} --trace`,
  ];
}

export interface Total {
  readonly runs: number;
  readonly jobs: number;
  readonly events: number;
  readonly failed: number;
}

export function totalLine(first: number, { runs, jobs, events, failed }: Total): string {
  const size = `${countOf(runs, 'run')} from seed ${first}: ${countOf(jobs, 'job')}, ${countOf(events, 'message')}`;
  return `${size}; ${runs - failed} passed, ${failed} failed`;
}
