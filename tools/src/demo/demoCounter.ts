import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Raises the counter in a file by one and returns it: 1 for a new file. */
export function raiseCounter(file: string): number {
  const next = (Number(readOr(file, '0')) || 0) + 1;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${next}\n`);
  return next;
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
