import type { Verdict } from './verdict.ts';

/** A verdict for people: one line when all was well, and everything that explains it when not. */
export function verdictLines({ trial, complaints, evidence, seconds }: Verdict): string[] {
  const { worker, scenario, mustComplain } = trial;
  const title = mustComplain === undefined ? scenario.title : 'notices it';
  const line = `${worker}, ${scenario.name}: ${title} (${seconds.toFixed(1)} s)`;
  if (complaints.length === 0) return [`ok      ${line}`];
  return [`NOT OK  ${line}`, ...complaints.flatMap(indented), ...evidence.flatMap((text) => indented(`  ${text}`))];
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `        ${line}`);
}
