import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { fencedBlocks } from '../docs/fencedBlocks.ts';

/** Writes the order of docs/tutorial.md into a file of its own; it is gone once that is disposed of. */
export async function orderProgram(): Promise<AsyncDisposable & { readonly file: string }> {
  const page = readFileSync(path.join(repositoryRoot, 'docs/tutorial.md'), 'utf8');
  const block = fencedBlocks(page).find(({ text }) => text.startsWith('// jobs/order.ts\n'));
  if (block === undefined) throw new Error('docs/tutorial.md has no jobs/order.ts');
  await mkdir(path.join(repositoryRoot, '.data'), { recursive: true });
  // Inside the repository, where the packages can be resolved.
  const folder = await mkdtemp(path.join(repositoryRoot, '.data', 'order-'));
  const file = path.join(folder, 'order.ts');
  await writeFile(file, block.text);
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
