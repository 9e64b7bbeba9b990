import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleBudget } from './bundleBudget.ts';

let folder: string;

/** Text that takes so many bytes when it is compressed. */
const noise = (bytes: number) => JSON.stringify(randomBytes(bytes).toString('base64'));

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-budget-'));
  await writeFile(path.join(folder, 'index.html'), '<script type="module" src="/start.js"></script>');
  await writeFile(path.join(folder, 'start.js'), "import './first.js'; import('./view.js'); import('./other.js');");
  await writeFile(path.join(folder, 'first.js'), `console.log(${noise(10_000)});`);
  await writeFile(path.join(folder, 'view.js'), `console.log(${noise(20_000)});`);
  await writeFile(path.join(folder, 'other.js'), `console.log(${noise(15_000)});`);
});

afterAll(() => rm(folder, { recursive: true }));

const buildWithin = (maxBytes: number) =>
  build({
    configFile: false,
    root: folder,
    logLevel: 'silent',
    build: { write: false },
    plugins: [bundleBudget(maxBytes)],
  });

test('a page passes whose start is within the budget with each part that is loaded later, though not with all', async () => {
  await expect(buildWithin(40_000)).resolves.toBeDefined();
});

test('a view that needs more with the start of the page fails the build, and is named', async () => {
  await expect(buildWithin(28_500)).rejects.toThrow(
    /view as the first view needs 3[01]\.\d kB of gzipped JavaScript \(.*\), at most 28\.5 kB are allowed/,
  );
});

test('a start that needs more fails the build', async () => {
  await expect(buildWithin(9_000)).rejects.toThrow(/^.*the start of the page as the first view needs 1[01]\.\d kB/s);
});
