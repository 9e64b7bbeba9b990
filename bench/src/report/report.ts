import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Comparison } from '../comparePeers.ts';
import type { HttpComparison } from '../http/compareHttp.ts';
import type { MachineFacts } from '../machineFacts.ts';
import { readResults } from '../results.ts';
import { catchUpSection } from './catchUpSection.ts';
import { httpSection } from './httpSection.ts';
import { peersSection } from './peersSection.ts';
import { replaceSection } from './replaceSection.ts';
import type { Results } from './measuredFor.ts';
import { sizeSection, type SizeResults } from './sizeSection.ts';
import { targetsTable } from './targets.ts';
import { repositoryRoot, runCommand } from '@jobstream/servers';

const PAGE = path.join(repositoryRoot, 'docs/measurements/benchmarks.md');
const NOTHING: Results = { peers: { rows: [] }, http: { rows: [] }, projector: { runs: [] } };

/** Puts the tables of the kept results into the page. */
export async function writeReport(): Promise<void> {
  let page = await readFile(PAGE, 'utf8');
  for (const [name, text] of Object.entries(await sections(false))) page = replaceSection(page, name, text);
  await writeFile(PAGE, page);
  const prettier = path.join(repositoryRoot, 'node_modules/prettier/bin/prettier.cjs');
  await runCommand(process.execPath, [prettier, '--write', PAGE]);
}

/** Shows the tables of the last quick run. */
export async function printReport(): Promise<void> {
  for (const text of Object.values(await sections(true))) console.log(`\n${text}`);
}

async function sections(quick: boolean): Promise<Record<string, string>> {
  const peers = await readResults<Comparison & MachineFacts>('peers', quick);
  const http = await readResults<HttpComparison>('http', quick);
  const projector = await readResults<Results['projector']>('projector', quick);
  const size = quick ? undefined : await readResults<SizeResults>('size', false);
  return {
    ...(peers && { peers: peersSection(peers) }),
    ...(http && { http: httpSection(http) }),
    ...(projector && { projector: catchUpSection(projector.runs) }),
    ...(size && { size: sizeSection(size) }),
    targets: targetsTable({
      peers: peers ?? NOTHING.peers,
      http: http ?? NOTHING.http,
      projector: projector ?? NOTHING.projector,
    }),
  };
}
