import { readFile } from 'node:fs/promises';
import type { Outside } from '../outside.ts';
import type { Effect, Evidence, LoadRecord } from './evidence.ts';
import { readCopies } from './readCopies.ts';
import { readRawLog } from '../../harness/rawLog.ts';
import { readTable } from './readTable.ts';

export interface EvidenceSources {
  /** Files of the load generator and of the receiver. */
  readonly load: string;
  readonly ledger: string;
  /** The servers of a cluster by name; empty where there is one. */
  readonly members: readonly string[];
}

/** Takes down everything that the judge wants to see of a system at rest. */
export async function gatherEvidence({ nats, database }: Outside, sources: EvidenceSources): Promise<Evidence> {
  return {
    ...(await readRawLog(nats)),
    copies: await readCopies(nats, sources.members),
    ...(await readTable(database)),
    load: await readLines<LoadRecord>(sources.load),
    effects: await readLines<Effect>(sources.ledger),
  };
}

async function readLines<Line>(file: string): Promise<Line[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
