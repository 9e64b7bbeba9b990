import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Returns the port on which an embedded server was started last, which programs that have its address use; 0 for none.
 *
 * @param folder of the server's data.
 */
export function keptPort(folder: string): number {
  try {
    return Number(readFileSync(fileIn(folder), 'utf8')) || 0;
  } catch {
    return 0;
  }
}

/** Keeps the port for later starts. */
export function keepPort(folder: string, port: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileIn(folder), `${port}\n`);
}

function fileIn(folder: string): string {
  return path.join(folder, 'port');
}
