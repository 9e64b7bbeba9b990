import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { plantTree, removeTree, root } from './plantedTree.ts';

const DEFINITIONS = 'libs/domain/src/job/jobEvents.ts';
const END_OF_DEFINITIONS = '};\nexport type JobEventName';
const PLANTED_EVENT = `  JobPlanted: define({
    summary: 'Planted.',
    token: 'planted',
    data: { attempt: Attempt, note: Schema.String },
    secrets: { note: 'text' },
    hidden: [],
    legalIn: ['processing'],
    fits: ofRunningAttempt,
    evolve: (job) => job,
  }),
`;

/** The files that the recipe says the compiler names, one to a bullet. */
function filesOfRecipe(): string[] {
  const page = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
  const recipe = page.split("\n## Add an event to a job's life\n")[1]?.split('\n## ')[0] ?? '';
  return [...recipe.matchAll(/^ {3}- `([^`]+)`: /gm)].map(([, file]) => String(file));
}

/** The files in which the compiler finds a mistake. */
function mistakenFiles(tree: string): Promise<string[]> {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '-p', tree], { cwd: tree }, (_error, stdout) => {
      resolve([...new Set([...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map(([, file]) => String(file)))]);
    });
  });
}

test('an event that is added to a job’s life is missing exactly where the recipe says', async () => {
  const sources = globSync('{apps,libs,tools,e2e,bench}/**/*.ts', { cwd: root, exclude: ['**/node_modules/**'] });
  const texts = sources.map((file) => [file, readFileSync(path.join(root, file), 'utf8')] as const);
  const files = Object.fromEntries(texts);
  const definitions = files[DEFINITIONS] ?? '';
  expect(definitions).toContain(END_OF_DEFINITIONS);
  files[DEFINITIONS] = definitions.replace(END_OF_DEFINITIONS, PLANTED_EVENT + END_OF_DEFINITIONS);
  const tree = await plantTree(files);
  try {
    expect((await mistakenFiles(tree)).toSorted()).toEqual(filesOfRecipe().toSorted());
  } finally {
    await removeTree(tree);
  }
});
