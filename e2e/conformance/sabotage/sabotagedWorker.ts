import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PYTHON_SOURCE, pythonCommand } from '../workers/pythonWorker.ts';
import type { Sabotage } from './sabotage.ts';
import { repositoryRoot } from '@jobstream/servers';

const FOLDER = path.join(repositoryRoot, '.data', 'conformance', 'sabotaged');

/** Writes the example with the edits, and returns how to start it. Rejects when an edit does not fit the example. */
export async function sabotagedWorker({ name, edits }: Sabotage): Promise<string> {
  let source = await readFile(PYTHON_SOURCE, 'utf8');
  for (const [from, to] of edits) {
    const found = source.split(from).length - 1;
    if (found !== 1) throw new Error(`"${from}" should stand once in the example, but it stands there ${found} times`);
    source = source.replace(from, () => to);
  }
  await mkdir(FOLDER, { recursive: true });
  const file = path.join(FOLDER, `${name.replaceAll(' ', '-')}.py`);
  await writeFile(file, source);
  return pythonCommand(file);
}
