import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const KEPT = path.resolve(import.meta.dirname, '../results');
/** A quick run must not replace figures of a full run. */
const PASSING = path.join(os.tmpdir(), 'jobstream-bench-quick');

export async function saveResults(part: string, quick: boolean, figures: object): Promise<void> {
  const folder = quick ? PASSING : KEPT;
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${part}.json`), `${JSON.stringify(figures, undefined, 1)}\n`);
}

/** What a part came to when it was last measured; undefined if it never was. */
export async function readResults<Figures>(part: string, quick: boolean): Promise<Figures | undefined> {
  try {
    return JSON.parse(await readFile(path.join(quick ? PASSING : KEPT, `${part}.json`), 'utf8')) as Figures;
  } catch {
    return undefined;
  }
}
