import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readReferences, type Reference } from '../gate/reference.ts';
import { GATE_CHECKS } from '../gate/gateChecks.ts';
import type { MachineToday } from '../machineToday.ts';
import { replaceSection } from '../report/replaceSection.ts';
import { table } from '../report/table.ts';
import { readResults } from '../results.ts';
import type { PartProfile } from './profileParts.ts';
import { repositoryRoot } from '@jobstream/servers';

type Profiles = MachineToday & { readonly profiles: readonly PartProfile[] };

const PAGE = path.join(repositoryRoot, 'docs/measurements/performance.md');

/** The tables of docs/measurements/performance.md, from the profile and from the reference of the gate. */
export async function writePerformancePage(): Promise<void> {
  const measured = await readResults<Profiles>('profile', false);
  if (measured === undefined) throw new Error('there is no profile yet');
  let page = replaceSection(await readFile(PAGE, 'utf8'), 'floor', await floorTable());
  page = replaceSection(page, 'steps', madeOn(measured));
  for (const part of measured.profiles) page = replaceSection(page, part.id, stepsOf(part));
  await writeFile(PAGE, page);
}

async function floorTable(): Promise<string> {
  return (await readReferences()).map(floorOf).join('\n\n');
}

function floorOf(reference: Reference): string {
  const { checks } = reference;
  const rows = GATE_CHECKS.map(({ id, title, bareTitle }) => {
    const check = checks[id];
    if (check === undefined) return [title];
    const { ours, bare, ratio } = check;
    const cells = [ours.process, ours.server, bare.process, bare.server].map(shown);
    return [title, bareTitle].concat(cells, ratio.toFixed(2));
  });
  const head = ['what', 'the bare part', 'our process', 'its server', 'bare: process', 'bare: server', 'ratio'];
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
