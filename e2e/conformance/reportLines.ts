import type { Verdict } from './runScenario.ts';

/** A verdict for people: one line when the worker passed, and everything that explains it when not. */
export function reportLines({ scenario, complaints, evidence, seconds }: Verdict): string[] {
  const { name, title } = scenario;
  if (complaints.length === 0) return [`ok      ${name}: ${title} (${seconds.toFixed(1)} s)`];
  return [
    `NOT OK  ${name}: ${title} (${seconds.toFixed(1)} s)`,
    ...complaints.flatMap(indented),
    ...evidence.flatMap((line) => indented(`  ${line}`)),
  ];
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `        ${line}`);
}
