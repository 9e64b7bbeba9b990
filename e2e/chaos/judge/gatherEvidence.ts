import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Pool } from 'pg';
import { readRawLog } from '../../harness/rawLog.ts';
import type { Outside } from '../outside.ts';
import { askPast } from './askPast.ts';
import { digestOf } from './checkLog.ts';
import { comparedColumns } from './checkTable.ts';
import type { Effect, Evidence, LoadRecord, LogCopy, StepEffect, StepRow, TableRow } from './evidence.ts';
import type { Ledgers } from '../stage/receiver.ts';

const STREAMS = ['JOBS', 'TIMERS'] as const;

const jsonColumns = new Set<string>(['payload', 'result', 'error', 'progress', 'backoff']);

const timeColumns = new Set<string>(['run_at', 'created_at', 'updated_at', 'started_at', 'finished_at']);

const STEPS = `SELECT job_id AS "jobId", name, NULLIF(key, '') AS key, attempt, result, error FROM job_steps`;

const GIVE_UP_AFTER_MS = 60_000;

const POLL_MS = 200;

export interface EvidenceSources {
  /** Files of the load generator and of the receiver. */
  readonly load: string;
  readonly ledgers: Ledgers;
  /** The servers of a cluster by name; empty where there is one. */
  readonly members: readonly string[];
  /** The API that is asked for the past, if it is. */
  readonly api?: string | undefined;
  readonly seed: string;
}

/** Takes down everything that the judge wants to see of a system at rest. */
export async function gatherEvidence({ nats, database }: Outside, sources: EvidenceSources): Promise<Evidence> {
  const log = await readRawLog(nats);
  return {
    ...log,
    past: sources.api === undefined ? [] : await askPast(sources.api, log.messages, sources.seed),
    copies: await readCopies(nats, sources.members),
    ...(await readTable(database)),
    timers: await countTimers(nats),
    load: await readLines<LoadRecord>(sources.load),
    effects: await readLines<Effect>(sources.ledgers.effects),
    steps: await readLines<StepEffect>(sources.ledgers.steps),
  };
}

async function countTimers(nats: NatsConnection): Promise<number> {
  const answer = await nats.request('$JS.API.STREAM.INFO.TIMERS', '', { timeout: 10_000 });
  return answer.json<{ state: { last_seq: number } }>().state.last_seq;
}

async function readLines<Line>(file: string): Promise<Line[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** Makes one server after the other the leader, since only a leader is read from for certain, and reads its copy. */
async function readCopies(nats: NatsConnection, nodes: readonly string[]): Promise<readonly LogCopy[]> {
  const copies: LogCopy[] = [];
  for (const node of nodes) {
    await makeLeader(nats, node);
    const { messages } = await readRawLog(nats);
    copies.push({ node, digest: digestOf(messages) });
  }
  return copies;
}

async function makeLeader(nats: NatsConnection, node: string): Promise<void> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  while ((await leader(nats)) !== node) {
    if (Date.now() > deadline) throw new Error(`${node} does not become the leader of the log`);
    const wish = JSON.stringify({ placement: { preferred: node } });
    await nats.request('$JS.API.STREAM.LEADER.STEPDOWN.JOBS', wish, { timeout: 5_000 }).catch(() => undefined);
    await pause(POLL_MS);
  }
}

async function leader(nats: NatsConnection): Promise<string | undefined> {
  const answer = await nats.request('$JS.API.STREAM.INFO.JOBS', '', { timeout: 5_000 }).catch(() => undefined);
  return answer?.json<{ cluster?: { leader?: string } }>().cluster?.leader;
}

/** What the read model says. */
async function readTable(database: Pool): Promise<Pick<Evidence, 'rows' | 'stepRows' | 'counts' | 'quarantined'>> {
  const select = ['id', ...comparedColumns].map(selected).join(', ');
  const jobs = await database.query<Record<string, unknown>>(`SELECT ${select} FROM jobs`);
  const counts = await database.query<{ type: string; status: string; count: number }>(
    'SELECT type, status, count::int AS count FROM job_counts WHERE count <> 0',
  );
  const quarantined = await database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM quarantined_messages',
  );
  const steps = await database.query<StepRow>(STEPS);
  return {
    rows: jobs.rows.map(tableRow),
    stepRows: steps.rows,
    counts: counts.rows,
    quarantined: quarantined.rows[0]?.count ?? 0,
  };
}

/** JSON as text, because an SQL NULL and a JSON null are two things. */
function selected(column: string): string {
  if (jsonColumns.has(column)) return `${column}::text`;
  return column === 'last_sequence' ? `${column}::float8` : column;
}

function tableRow(raw: Record<string, unknown>): TableRow {
  const entries = Object.entries(raw).map(([column, value]) => [column, plain(column, value)]);
  return Object.fromEntries(entries) as TableRow;
}

function plain(column: string, value: unknown): unknown {
  if (value === null) return undefined;
  if (jsonColumns.has(column)) return JSON.parse(value as string);
  return timeColumns.has(column) ? (value as Date).getTime() : value;
}

/** Leaves what was judged in files, beside the logs of the processes, to find a cause. */
export async function writeEvidence(folder: string, evidence: Evidence, nats: NatsConnection): Promise<void> {
  await writeFile(path.join(folder, 'log.jsonl'), lines(evidence.messages));
  await writeFile(path.join(folder, 'rows.jsonl'), lines(evidence.rows));
  await writeFile(path.join(folder, 'streams.json'), JSON.stringify(await describeStreams(nats), null, 2));
}

function lines(items: readonly unknown[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}

/** The state of the streams and their consumers as the server tells it. */
async function describeStreams(nats: NatsConnection): Promise<object> {
  const ask = async (subject: string) => (await nats.request(subject, '', { timeout: 10_000 })).json<object>();
  const described = STREAMS.map(async (name) => {
    const [stream, consumers] = [await ask(`$JS.API.STREAM.INFO.${name}`), await ask(`$JS.API.CONSUMER.LIST.${name}`)];
    return [name, { stream, consumers }] as const;
  });
  return Object.fromEntries(await Promise.all(described));
}
