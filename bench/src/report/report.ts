import type { Comparison } from '../comparePeers.ts';
import type { HttpComparison } from '../http/compareHttp.ts';
import type { MachineFacts } from '../machine.ts';
import { readResults } from '../results.ts';
import { catchUpSection, httpSection } from './httpSection.ts';
import type { Results } from './measuredFor.ts';
import { peersSection } from './peersSection.ts';
import { type SizeResults, sizeSection } from './sizeSection.ts';
import { targetsTable } from './judgeTarget.ts';
import { writeSections } from './writeSections.ts';

const NOTHING: Results = { peers: { rows: [] }, http: { rows: [] }, projector: { runs: [] } };

/** Puts the tables of the kept results into the page. */
export async function writeReport(): Promise<void> {
  await writeSections('benchmarks.md', await sections(false));
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
