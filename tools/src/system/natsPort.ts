import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const USUAL_PORT = 4222;

/** Returns the port of the embedded NATS: the one that the user names, else that of the last start on this data folder. */
export function wishedNatsPort(folder: string, named: number | undefined): number {
  return named ?? (keptPort(folder) || USUAL_PORT);
}

/** Keeps the port for later starts, so that programs that have the address find the server again. */
export function keepNatsPort(folder: string, port: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileIn(folder), `${port}\n`);
}

function keptPort(folder: string): number {
  try {
    return Number(readFileSync(fileIn(folder), 'utf8')) || 0;
  } catch {
    return 0;
  }
}

function fileIn(folder: string): string {
  return path.join(folder, 'port');
}
