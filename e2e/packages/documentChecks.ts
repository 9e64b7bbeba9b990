import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { fencedBlocks } from '../docs/fencedBlocks.ts';
import type { Check } from '../harness/runChecks.ts';
import type { PackagesUnderTest } from './checks.ts';
import { succeeds } from './userProject.ts';

/** A page whose `ts` blocks are programs, or a folder of programs; those of docs/outbox.md and docs/development.md are parts of some. */
interface ProgramPage {
  readonly page: string;
  /** The page that shows the tsconfig.json which its imports of `.ts` files need; without one it has none. */
  readonly configOf?: string;
  /** Blocks of one file are parts of it; else the last is the file. */
  readonly joins?: true;
  /** Modules of the reader that the programs import. */
  readonly imported?: Readonly<Record<string, string>>;
}

const SHOP = `
interface Idempotent {
  readonly key: string;
}
export declare function charge(cents: number, options: Idempotent & { signal: AbortSignal }): Promise<{ id: string }>;
export declare function mail(to: string, text: string): Promise<void>;
export declare function ship(to: string, options: Idempotent & { approvedBy: string }): Promise<void>;
`;

const PAGES: readonly ProgramPage[] = [
  { page: 'README.md', configOf: 'README.md' },
  { page: 'docs/tutorial.md', configOf: 'docs/tutorial.md' },
  { page: 'docs/handlers.md', configOf: 'README.md', imported: { 'shop.ts': SHOP } },
  { page: 'docs/testing.md', configOf: 'README.md', joins: true },
  // Those of docs/comparison.md that are ours: a test compares them with the page.
  { page: 'examples/comparison/jobstream', configOf: 'README.md' },
  { page: 'docs/client.md', joins: true },
  { page: 'libs/client/README.md' },
  { page: 'libs/testing-kit/README.md' },
  { page: 'libs/worker/README.md' },
];
const UNNAMED = 'program.ts';
/** What `tsc` is told of a program that imports no other. */
const PLAIN = { compilerOptions: { target: 'esnext', module: 'nodenext', types: ['node'], noEmit: true } };

/** Compiles the programs of the documents as a reader does who has copied them, with each version of TypeScript. */
export function documentChecks({ programs, consumer }: PackagesUnderTest): readonly Check[] {
  return PAGES.flatMap((page) =>
    Object.entries(programs.compilers).map(([version, compiler]) => ({
      name: `TypeScript ${version} compiles the programs of ${page.page}`,
      run: async () => {
        // Below the project, whose packages they import.
        const folder = path.join(consumer.folder, 'documents');
        try {
          await writePrograms(page, folder);
          await succeeds(process.execPath, [compiler, '--strict', '--project', folder], { cwd: folder });
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
    })),
  );
}

async function writePrograms({ page, configOf, joins, imported = {} }: ProgramPage, folder: string): Promise<void> {
  const files = new Map(Object.entries(imported));
  for (const { file, text } of await (page.endsWith('.md') ? namedBlocks(page, 'ts') : filesIn(page))) {
    files.set(file, joins ? `${files.get(file) ?? ''}${text}\n` : text);
  }
  if (files.size === Object.keys(imported).length) throw new Error(`${page} has no programs`);
  files.set('tsconfig.json', configOf === undefined ? JSON.stringify(PLAIN) : await configIn(configOf));
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
}

async function filesIn(folder: string) {
  const names = await readdir(path.join(repositoryRoot, folder));
  const read = (file: string) => readFile(path.join(repositoryRoot, folder, file), 'utf8');
  return Promise.all(
    names.filter((name) => name.endsWith('.ts')).map(async (file) => ({ file, text: await read(file) })),
  );
}

async function configIn(page: string): Promise<string> {
  const config = (await namedBlocks(page, 'jsonc')).find(({ file }) => file === 'tsconfig.json');
  if (config === undefined) throw new Error(`${page} shows no tsconfig.json`);
  return config.text;
}

/** The blocks of a page, each with the file that its first line names. */
async function namedBlocks(page: string, wanted: string) {
  const blocks = fencedBlocks(await readFile(path.join(repositoryRoot, page), 'utf8'));
  return blocks
    .filter(({ language }) => language === wanted)
    .map(({ text }) => ({ file: /^\/\/ ([\w./]+)\n/u.exec(text)?.[1] ?? UNNAMED, text }));
}
