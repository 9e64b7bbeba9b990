import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { writeSections } from '../report/writeSections.ts';
import { readResults } from '../results.ts';
import { capacitySections } from './capacitySections.ts';
import { growthCharts } from './growthCharts.ts';
import { growthSections } from './growthSections.ts';
import type { Growth } from './measureGrowth.ts';

const CHARTS = path.join(repositoryRoot, 'docs/measurements/charts');

/** The charts, and the tables and sums of docs/measurements/capacity.md, from what was measured last. */
export async function writeCapacityPage(): Promise<void> {
  const growth = await measured(false);
  await mkdir(CHARTS, { recursive: true });
  for (const [name, svg] of Object.entries(growthCharts(growth)))
    await writeFile(path.join(CHARTS, `${name}.svg`), svg);
  await writeSections('capacity.md', sections(growth));
}

/** Shows what the last quick run came to. */
export async function printCapacity(): Promise<void> {
  const growth = await measured(true);
  for (const [name, text] of Object.entries(sections(growth))) console.log(`\n${name}\n\n${text}`);
  console.log(`\ncharts: ${Object.keys(growthCharts(growth)).join(', ')}`);
}

function sections(growth: Growth): Record<string, string> {
  return { ...growthSections(growth), ...capacitySections(growth) };
}

async function measured(quick: boolean): Promise<Growth> {
  const growth = await readResults<Growth>('growth', quick);
  if (growth === undefined) throw new Error('nothing has been measured yet: npm run bench:growth');
  return growth;
}
