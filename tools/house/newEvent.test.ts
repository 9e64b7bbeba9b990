import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compile } from './compile.ts';
import { plantTree, removeTree, root } from './plantedTree.ts';

const DEFINITIONS = 'libs/domain/src/job/jobEvents.ts';
const END_OF_DEFINITIONS = '};\nexport type JobEventName';
/** An event of which everything is true that has consequences elsewhere. */
const plantedEvent = (name: string) => `  ${name}: define({
    summary: 'Planted.',
    token: '${name}',
    callsForWork: true,
    byOperator: true,
    data: { attempt: Schema.Int, note: Schema.String, reason: Schema.optionalKey(Schema.String) },
    secrets: { note: 'text' },
    hidden: [],
    legalIn: ['processing'],
    fits: always,
    evolve: (job) => job,
  }),
`;

const CLIENT_TYPES = 'libs/client/src/jobs/jobEvent.ts';
const DATA_OF_CLIENT = 'export interface JobEventData {\n';
const OPERATOR_OF_CLIENT = 'export type OperatorEventName =\n';

const DASHBOARD = 'apps/dashboard/tsconfig.json';

/** The files that the recipe says the compiler names, one to a bullet. */
function filesOfRecipe(): string[] {
  const page = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
  const recipe = page.split("\n## Add an event to a job's life\n")[1]?.split('\n## ')[0] ?? '';
  return [...recipe.matchAll(/^ {3}- `([^`]+)`: /gm)].map(([, file]) => String(file));
}

/** The files of a project in which the compiler finds a mistake. */
async function mistakenFiles(tree: string, project = '.'): Promise<string[]> {
  const complaints = await compile(project, tree);
  return [...new Set([...complaints.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map(([, file]) => String(file)))];
}

/** Inserts a text before or behind another one that must be there. */
function insert(text: string, { before = '', behind = '' }: { before?: string; behind?: string }, inserted: string) {
  expect(text).toContain(before + behind);
  return text.replace(before + behind, () => behind + inserted + before);
}

/** The repository with two more events, one of which the client has as well. */
function withNewEvents(): Record<string, string> {
  const sources = globSync(['{apps,libs,tools,e2e}/**/*.{ts,tsx}', DASHBOARD], {
    cwd: root,
    exclude: ['**/node_modules/**'],
  });
  const files = Object.fromEntries(sources.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
  const planted = plantedEvent('JobPlanted') + plantedEvent('JobUnknownToTheClient');
  files[DEFINITIONS] = insert(files[DEFINITIONS] ?? '', { before: END_OF_DEFINITIONS }, planted);
  const data =
    '  readonly JobPlanted: { readonly attempt: number; readonly note: string; readonly reason?: string };\n';
  const ofClient = insert(files[CLIENT_TYPES] ?? '', { behind: DATA_OF_CLIENT }, data);
  files[CLIENT_TYPES] = insert(ofClient, { behind: OPERATOR_OF_CLIENT }, "  | 'JobPlanted'\n");
  return files;
}

test('an event that is added to a job’s life is missing exactly where the recipe says', async () => {
  const tree = await plantTree(withNewEvents());
  try {
    const mistaken = await Promise.all([mistakenFiles(tree), mistakenFiles(tree, DASHBOARD)]);
    expect([...new Set(mistaken.flat())].toSorted()).toEqual(filesOfRecipe().toSorted());
  } finally {
    await removeTree(tree);
  }
});
