import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { PYTHON_PACKAGE } from '../harness/pythonPackage.ts';
import { pythonCommand } from './exampleWorkers.ts';
import type { FaultyWorker } from './faultyWorker.ts';

const FOLDER = path.join(repositoryRoot, '.data', 'conformance', 'faulty');

/** Writes the package with the edits, and returns how to start it. Rejects when an edit does not fit the package. */
export async function writeFaultyWorker({ name, edits }: FaultyWorker): Promise<string> {
  const folder = path.join(FOLDER, name.replaceAll(' ', '-'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(path.join(PYTHON_PACKAGE, 'src'), folder, { recursive: true });
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.py'));
  for (const edit of edits) {
    const changed = await Promise.all(files.map((file) => replaceIn(path.join(folder, file), edit)));
    const found = changed.reduce((sum, count) => sum + count, 0);
    if (found !== 1) throw new Error(`"${edit[0]}" should stand once in the package, but stands there ${found} times`);
  }
  return `env PYTHONPATH='${folder}' ${pythonCommand()}`;
}

/** Returns how often the text stood in the file. */
async function replaceIn(file: string, [from, to]: readonly [string, string]): Promise<number> {
  const source = await readFile(file, 'utf8');
  const found = source.split(from).length - 1;
  if (found > 0)
    await writeFile(
      file,
      source.replace(from, () => to),
    );
  return found;
}
