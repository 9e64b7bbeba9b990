import type { Client, QueryResult } from 'pg';
import { JobsOutOfStepError, ProjectionFencedError, ReadModelUnavailableError } from '../errors.ts';
import { copyRows } from '../postgres/bulkStatement.ts';
import type { BulkStatement, RowCopy } from '../postgres/bulkStatement.ts';
import { storableInstant, storableText } from '../postgres/storableValues.ts';
import { JOBS_PROJECTION, moveCheckpoint } from './checkpointFence.ts';
import type { QuarantinedEntry } from './projectableEntry.ts';

const QUARANTINE = {
  name: 'quarantine',
  text: `INSERT INTO quarantined_messages (sequence, subject, reason, body, recorded_at, job_id)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (sequence) DO NOTHING`,
};

/** A batch ready to be written, and the checkpoint that it moves. */
export interface BatchTransaction {
  readonly from: number;
  readonly through: number;
  readonly generation: number;
  readonly quarantined: readonly QuarantinedEntry[];
  readonly copies: readonly RowCopy[];
  readonly statements: readonly BulkStatement[];
}

/** A transaction whose COMMIT was sent. */
export interface SentTransaction {
  /** Settles with the COMMIT; rejects with ReadModelUnavailableError when it was rolled back instead. */
  readonly committed: Promise<unknown>;
}

/**
 * Writes a batch in one transaction: all statements are sent together, and their outcomes decide whether to commit. Does
 * not wait for the COMMIT, so that the next transaction can follow directly; if this one is not committed, the next moves
 * no checkpoint and is rolled back.
 *
 * @throws ProjectionFencedError, JobsOutOfStepError, errors of Postgres.
 */
export async function sendFencedTransaction(client: Client, batch: BatchTransaction): Promise<SentTransaction> {
  const work = [
    client.query('BEGIN'),
    moveCheckpoint(client, batch),
    ...batch.quarantined.map((entry) => client.query(quarantineStatement(entry))),
    ...batch.copies.map((copy) => copyRows(client, copy)),
    ...batch.statements.map(({ name, text, values }) => client.query({ name, text, values })),
  ];
  const outcomes = await Promise.allSettled(work);
  try {
    assertMoved(outcomes, batch);
    assertRows(outcomes, batch);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // fails with the connection, which rolls back as well
    throw error;
  }
  return { committed: commit(client) };
}

/** When a statement in the transaction has failed, e.g. a ping, Postgres answers COMMIT with ROLLBACK, not with an error. */
async function commit(client: Client): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new ReadModelUnavailableError(`a COMMIT was answered with ${command}`);
}

type Outcomes = readonly PromiseSettledResult<QueryResult>[];

function assertMoved([began, moved]: Outcomes, { from }: BatchTransaction): void {
  for (const outcome of [began, moved]) if (outcome?.status === 'rejected') throw outcome.reason;
  if (rowsOf(moved) !== 1) throw new ProjectionFencedError(JOBS_PROJECTION, from);
}

/** The first failure is the cause of all later ones. */
function assertRows(outcomes: Outcomes, { statements }: BatchTransaction): void {
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  for (const [index, { rows }] of statements.entries()) {
    const found = rowsOf(outcomes.at(index - statements.length));
    if (rows !== undefined && rows !== found) throw new JobsOutOfStepError(rows, found);
  }
}

function rowsOf(outcome: Outcomes[number] | undefined): number {
  return outcome?.status === 'fulfilled' ? (outcome.value.rowCount ?? 0) : 0;
}

/** Keeps a message that could not be projected; with its job if it is an event of a newer release. */
function quarantineStatement(entry: QuarantinedEntry) {
  const { sequence, subject, reason, body, recordedAt } = entry;
  const texts = [storableText(subject), storableText(reason)];
  const jobId = entry.kind === 'unreadable' ? entry.event.jobId : null;
  return { ...QUARANTINE, values: [sequence, ...texts, body, storableInstant(recordedAt), jobId] };
}
