import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Runs `work`, and returns how many bytes more are in use afterwards than before: what it has left in memory. */
export async function bytesKeptBy(work: () => unknown): Promise<number> {
  const before = await bytesInUse();
  await work();
  return (await bytesInUse()) - before;
}

async function bytesInUse(): Promise<number> {
  await nextTurn(); // what has settled lets go of what it held
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Returns a text of so many characters, which shares its memory with no other. */
export function longText(repeated: string, length: number): string {
  return Buffer.alloc(length, repeated).toString('latin1');
}
