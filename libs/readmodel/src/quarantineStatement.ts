import { storableInstant } from './instant.ts';
import type { ProjectableEntry } from './projectableEntry.ts';
import { storableText } from './storableText.ts';

export type MalformedEntry = Extract<ProjectableEntry, { kind: 'malformed' }>;

const QUARANTINE = {
  name: 'quarantine',
  text: `INSERT INTO quarantined_messages (sequence, subject, reason, body, recorded_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (sequence) DO NOTHING`,
};

/** Keeps a message that could not be projected. */
export function quarantineStatement({ sequence, subject, reason, body, recordedAt }: MalformedEntry) {
  const texts = [storableText(subject), storableText(reason)];
  return { ...QUARANTINE, values: [sequence, ...texts, body, storableInstant(recordedAt)] };
}
