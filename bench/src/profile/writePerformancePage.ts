import { GATE_CHECKS } from '../gate/gateChecks.ts';
import { readReferences, type Reference } from '../gate/reference.ts';
import type { MachineToday } from '../machine.ts';
import { table } from '../report/format.ts';
import { writeSections } from '../report/writeSections.ts';
import { readResults } from '../results.ts';
import type { PartProfile } from './profileParts.ts';

type Profiles = MachineToday & { readonly profiles: readonly PartProfile[] };

/** The tables of docs/measurements/performance.md, from the profile and from the reference of the gate. */
export async function writePerformancePage(): Promise<void> {
  const measured = await readResults<Profiles>('profile', false);
  if (measured === undefined) throw new Error('there is no profile yet');
  const steps = measured.profiles.map((part) => [part.id, stepsOf(part)] as const);
  const sections = { floor: await floorTable(), steps: madeOn(measured), ...Object.fromEntries(steps) };
  await writeSections('performance.md', sections);
}

async function floorTable(): Promise<string> {
  return (await readReferences()).map(floorOf).join('\n\n');
}

function floorOf(reference: Reference): string {
  const { checks } = reference;
  const rows = GATE_CHECKS.map(({ id, title, baselineTitle }) => {
    const check = checks[id];
    if (check === undefined) return [title];
    const { ours, baseline, ratio } = check;
    const cells = [ours.process, ours.server, baseline.process, baseline.server].map(shown);
    return [title, baselineTitle].concat(cells, ratio.toFixed(2));
  });
  const head = ['what', 'the baseline', 'our process', 'its server', 'baseline: process', 'baseline: server', 'ratio'];
  return `${madeOn(reference)}\n\n${table(head, rows)}`;
}

function madeOn({ date, processor, cores, load, node }: MachineToday): string {
  return `${date}, ${processor}, ${cores} cores, load average ${load.toFixed(1)}, Node ${node}.`;
}

function shown(value: number): string {
  return value === 0 ? '' : value.toFixed(0);
}

function stepsOf({ title, micros, steps }: PartProfile): string {
  if (steps.length === 0) return `${title}: ${micros.toFixed(0)} µs.`;
  const sorted = steps.toSorted((a, b) => b.share - a.share);
  const rows = sorted.map(({ step, share }) => [step, (share * micros).toFixed(1), `${(share * 100).toFixed(0)} %`]);
  return table([`${title}: ${micros.toFixed(0)} µs`, 'µs', 'share'], rows);
}
