import { InvalidCursorError } from '../errors.ts';

/** The place of a job in the list, newest first; ids settle the order of jobs of the same millisecond. */
export interface Position {
  readonly createdAt: string;
  readonly id: string;
}

const DECODED = /^([^ ]{20,30}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The opaque text that stands for the place after a job. */
export function encodeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url');
}

/** The place that a cursor stands for; InvalidCursorError for a text that encodeCursor did not make. */
export function decodeCursor(cursor: string): Position {
  const [, createdAt, id] = DECODED.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (createdAt === undefined || id === undefined || !isInstant(createdAt)) throw new InvalidCursorError();
  const position = { createdAt, id };
  // Only one spelling is accepted: base64 decoding is lenient with characters that do not belong to it.
  if (encodeCursor(position) !== cursor) throw new InvalidCursorError();
  return position;
}

function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}
