import { ArchiveCorruptError } from './errors.ts';
import { createHash } from 'node:crypto';

/** A file of the archive with the checksum to verify it. */
export interface CheckedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A part of a segment that can be read by itself: one gzip member. */
export interface Block {
  readonly offset: number;
  readonly bytes: number;
  /** The sequence of its first message. */
  readonly first: number;
  readonly sha256: string;
}

/** The manifest's entry for one segment: messages `first` to `last` of the log, without a gap. */
export interface ManifestEntry {
  readonly format: 1;
  readonly first: number;
  readonly last: number;
  readonly minTime: string;
  readonly maxTime: string;
  readonly segment: CheckedFile;
  readonly index: CheckedFile;
  readonly blocks: readonly Block[];
  /** The checksum of the entry before, empty for the first, so that entries cannot be exchanged. */
  readonly previous: string;
}

/** An entry with the SHA-256 of its own text. */
export interface SealedEntry extends ManifestEntry {
  readonly checksum: string;
}

export const MANIFEST_FOLDER = 'manifest';

/** The name of an entry has only its first sequence, so that one segment alone can begin there. */
export function entryName(first: number): string {
  return `${MANIFEST_FOLDER}/${padded(first)}.json`;
}

/** Pads a sequence, so that names sort as the numbers do. */
export function padded(sequence: number): string {
  return String(sequence).padStart(16, '0');
}

export function sealEntry(entry: ManifestEntry): SealedEntry {
  return { ...entry, checksum: sha256(JSON.stringify(entry)) };
}

export function encodeEntry(entry: SealedEntry): Uint8Array {
  return Buffer.from(`${JSON.stringify(entry)}\n`);
}

/** Decodes and verifies an entry. @throws ArchiveCorruptError. */
export function decodeEntry(name: string, bytes: Uint8Array): SealedEntry {
  const { checksum, ...entry } = parsed(name, bytes);
  if (checksum !== sha256(JSON.stringify(entry))) throw new ArchiveCorruptError(name, 'does not match its checksum');
  if (entry.format !== 1) throw new ArchiveCorruptError(name, 'was written by a newer release: upgrade this one first');
  return { ...entry, checksum };
}

function parsed(name: string, bytes: Uint8Array): SealedEntry {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as SealedEntry;
  } catch (error) {
    throw new ArchiveCorruptError(name, 'is no JSON', { cause: error });
  }
}

/** In hexadecimal digits. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
