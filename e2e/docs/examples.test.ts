import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { createDatabase, PATIENT, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KillableApi, startKillableApi } from '../harness/killableApi.ts';
import { runInShell } from '../harness/runInShell.ts';
import { examplesOf } from './examplesOf.ts';
import { fencedBlocks } from './fencedBlocks.ts';
import { runExamples } from './runExamples.ts';
import { untilAnnounced } from '../packages/untilAnnounced.ts';

/** Pages whose commands another test runs, on the system that they need. */
const RUN_ELSEWHERE = new Set(['docs/replay.md']);

/** An API beside the usual one, for the page whose examples show credentials. */
const WITH_KEYS = 'docs/authentication.md';

const pages = globSync(['README.md', 'docs/**/*.md'], { cwd: repositoryRoot })
  .filter((page) => !RUN_ELSEWHERE.has(page))
  .toSorted((one, other) => one.localeCompare(other))
  .map((page) => ({ page, examples: examplesOf(readFileSync(path.join(repositoryRoot, page), 'utf8')) }))
  .filter(({ examples }) => examples.some(({ commands }) => /\bcurl\b/.test(commands)))
  .map(({ page, examples }) => {
    const run = examples.filter(({ reasonNotToRun }) => reasonNotToRun === undefined);
    return { page, run, count: run.length, all: examples.length };
  });

const PAYLOAD_KEYS = `docs:${randomBytes(32).toString('base64')}`;

let dataDir: string;
let system: RunningSystem;
let guarded: KillableApi;

beforeAll(async () => {
  dataDir = await scratchDataFolder('docs');
  // docs/privacy.md needs keys; to the other pages they make no difference.
  system = await startSystem(dataDir, { ...PATIENT, PAYLOAD_KEYS, DATABASE_URL: await createDatabase() });
  guarded = await startKillableApi(system, { ...PATIENT, AUTH: 'required', PAYLOAD_KEYS });
});

afterAll(async () => {
  await guarded[Symbol.asyncDispose]();
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test('the test finds the pages with requests', () => {
  expect(pages.map(({ page }) => page)).toEqual(
    expect.arrayContaining(['README.md', 'docs/api.md', 'docs/authentication.md', 'docs/schedules.md']),
  );
});

/** Runs the `ts` blocks of a page as one program, and returns its lines. */
async function runProgramOf(page: string, signal: AbortSignal): Promise<{ code: number | string; lines: string[] }> {
  const blocks = fencedBlocks(readFileSync(path.join(repositoryRoot, page), 'utf8'));
  const program = blocks.filter(({ language }) => language === 'ts').map(({ text }) => text);
  const env = { PATH: process.env['PATH'] ?? '', API: system.api, PROGRAM: program.join('\n') };
  const shell = runInShell(`${process.execPath} --input-type=module-typescript --eval "$PROGRAM"`, { env, signal });
  return { code: await shell.ended, lines: shell.output.trim().split('\n') };
}

test('the program in docs/client.md runs', async ({ signal }) => {
  const { code, lines } = await runProgramOf('docs/client.md', signal);
  expect({ code, first: lines[0], last: lines.at(-1) }).toEqual({
    code: 0,
    first: expect.stringMatching(/^completed /),
    last: 'illegal-transition',
  });
  expect(lines).toContain('true true');
});

test('the program in the README of @jobstream/client runs', async ({ signal }) => {
  const { code, lines } = await runProgramOf('libs/client/README.md', signal);
  expect({ code, lines }).toEqual({ code: 0, lines: ['accepted: user@example.com'] });
});

/** Writes the `ts` blocks of a page that begin with the name of a file into a folder, and returns the names. */
async function writeFilesOf(page: string, folder: string): Promise<string[]> {
  const blocks = fencedBlocks(readFileSync(path.join(repositoryRoot, page), 'utf8'));
  const files = blocks.flatMap(({ language, text }) => {
    const name = language === 'ts' ? /^\/\/ (\w+\.ts)\n/.exec(text)?.[1] : undefined;
    return name === undefined ? [] : [{ name, text }];
  });
  for (const { name, text } of files) await writeFile(path.join(folder, name), text);
  return files.map(({ name }) => name);
}

test('the worker and the producer in docs/handlers.md run', async ({ signal }) => {
  // Inside the repository, where the packages can be resolved.
  await mkdir(path.join(repositoryRoot, '.data'), { recursive: true });
  const folder = await mkdtemp(path.join(repositoryRoot, '.data', 'handlers-'));
  try {
    const files = await writeFilesOf('docs/handlers.md', folder);
    expect(files).toEqual(expect.arrayContaining(['jobs.ts', 'worker.ts', 'producer.ts']));
    const env = { PATH: process.env['PATH'] ?? '', NATS_URL: system.nats, PAYLOAD_KEYS, API: system.api };
    const run = (file: string) => runInShell(`exec ${process.execPath} ${path.join(folder, file)}`, { env, signal });
    const worker = run('worker.ts');
    await untilAnnounced(system, 'thumbnail');
    const producer = run('producer.ts');
    expect({ code: await producer.ended, output: producer.output }).toEqual({ code: 0, output: '40000\n' });
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('the examples of a page run as documented', () => {
  test.for(pages)('$page: $count of $all are run', async ({ page, run }, { signal }) => {
    expect(run.filter(({ commands }) => /\bcurl\b/.test(commands))).not.toEqual([]);
    const api = page === WITH_KEYS ? guarded.url : system.api;
    // What is printed as it is by `npm start` stands for wherever it runs.
    const here = run.map((example) => {
      return { ...example, commands: example.commands.replaceAll('localhost:3000', new URL(api).host) };
    });
    const env = { PATH: process.env['PATH'] ?? '', HOME: dataDir, API: api, DATABASE_URL: system.postgres };
    expect(await runExamples(here, { env, signal })).toEqual([]);
  });
});
