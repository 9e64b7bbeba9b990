import type { ClientBase } from 'pg';
import { storableInstant } from './instant.ts';
import type { ProjectableEntry } from './projectableEntry.ts';
import { storableText } from './storableText.ts';

export type MalformedEntry = Extract<ProjectableEntry, { kind: 'malformed' }>;

const QUARANTINE = {
  name: 'quarantine',
  text: `INSERT INTO quarantined_messages (sequence, subject, reason, body, recorded_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (sequence) DO NOTHING`,
};

/** Keeps messages that could not be projected, inside a transaction of the caller. */
export async function quarantine(client: ClientBase, entries: readonly MalformedEntry[]): Promise<void> {
  for (const { sequence, subject, reason, body, recordedAt } of entries) {
    const texts = [storableText(subject), storableText(reason)];
    await client.query({ ...QUARANTINE, values: [sequence, ...texts, body, storableInstant(recordedAt)] });
  }
}
