import { InvalidCursorError } from '../errors.ts';

const DECODED = /^([^ ]{20,30}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** A place in a list that is sorted by time and, within a millisecond, by id. */
export interface KeysetPosition {
  readonly at: string;
  readonly id: string;
}

/** Encodes a place as an opaque cursor. */
export function encodeKeyset({ at, id }: KeysetPosition): string {
  return Buffer.from(`${at} ${id}`).toString('base64url');
}

/** Decodes a cursor. @throws InvalidCursorError for a text that `encodeKeyset` did not make. */
export function decodeKeyset(cursor: string): KeysetPosition {
  const [, at, id] = DECODED.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || id === undefined || !isInstant(at)) throw new InvalidCursorError();
  // Only one spelling is accepted: base64 decoding is lenient with characters that do not belong to it.
  if (encodeKeyset({ at, id }) !== cursor) throw new InvalidCursorError();
  return { at, id };
}

/** Whether a text is an instant as cursors have it: as `toISOString` writes it. */
export function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}
