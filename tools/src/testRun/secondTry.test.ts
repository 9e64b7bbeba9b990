import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { repeatTests, runTests } from './runTests.ts';

const PASSES = `import { test } from 'vitest'; test('passes', () => {});`;
const FAILS = `import { test } from 'vitest'; test('fails', () => { throw new Error('always'); });`;

let root: string;
let lines: string[];

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'jobstream-second-try-'));
  lines = [];
  // oxlint-disable-next-line no-console -- what the command prints is tested
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)));
});

afterEach(async () => {
  process.exitCode = 0; // set by the runs that failed, as intended
  await rm(root, { recursive: true, force: true });
});

/** Fails when it runs for the first time, for a reason that has nothing to do with what it tests. */
function failsOnce(marker: string, options = ''): string {
  return `import { existsSync, writeFileSync } from 'node:fs';
    import { test } from 'vitest';
    test('waits long enough', ${options} () => {
      const marker = ${JSON.stringify(path.join(root, marker))};
      if (existsSync(marker)) return;
      writeFileSync(marker, '');
      throw new Error('expected 1, got: 0');
    });`;
}

async function plant(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(root, name), text);
}

const settings = () => ({
  root,
  config: false as const,
  reporters: [{}],
  project: [],
  tags: [{ name: 'exact' }],
});

test('a file that failed and passes alone counts as passed, and is named with its failure and its row for the list', async () => {
  await plant({ 'once.test.ts': failsOnce('once'), 'passes.test.ts': PASSES });
  expect(await runTests([], { settings: settings() })).toBe(0);
  expect(lines.at(-1)).toBe('2 passed, 0 failed');
  const flaky = lines.find((line) => line.startsWith('flaky: ')) ?? '';
  expect(flaky).toMatch(
    /^flaky: once\.test\.ts > waits long enough: expected 1, got: 0 \(load \d+\.\d\); it passed alone/,
  );
  expect(flaky).toMatch(
    /\n\| `once\.test\.ts` \| \d{4}-\d\d-\d\d: waits long enough: expected 1, got: 0 \(.+\) \| – \| – \|$/,
  );
});

test('a file that fails again has failed', async () => {
  await plant({ 'fails.test.ts': FAILS, 'passes.test.ts': PASSES });
  expect(await runTests([], { settings: settings() })).toBe(1);
  expect(lines).toContain('\n== second try of fails.test.ts, alone');
  expect(lines.slice(-2)).toEqual([expect.stringMatching('^not run: '), '1 passed, 1 failed']);
  expect(lines).toContain('failed: fails.test.ts > fails: always');
  expect(lines.filter((line) => line.startsWith('flaky: '))).toEqual([]);
});

test('a flaky file counts as failed where that is asked for', async () => {
  await plant({ 'once.test.ts': failsOnce('once') });
  expect(await runTests([], { settings: settings(), flakyFails: true })).toBe(1);
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
});

test('named files, and tests about what must be equal, are not tried again', async () => {
  await plant({ 'once.test.ts': failsOnce('once'), 'exact.test.ts': failsOnce('exact', `{ tags: ['exact'] },`) });
  expect(await runTests(['once'], { settings: settings() })).toBe(1);
  expect(await runTests([], { settings: settings() })).toBe(1);
  expect(lines).toContainEqual(
    expect.stringMatching(/^no second try for exact\.test\.ts: "waits long enough" is about/),
  );
});

const outside = {
  'after an error that is not handled': `void Promise.reject(new Error('not awaited'));`,
  'after the end of a process': `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`,
};

test.each(Object.entries(outside))('%s nothing is tried again', async (_when, body) => {
  const errs = `import { test } from 'vitest'; test('passes', async () => { ${body} });`;
  await plant({ 'once.test.ts': failsOnce('once'), 'errs.test.ts': errs });
  expect(await runTests([], { settings: settings() })).toBeGreaterThan(0);
  expect(lines).toContainEqual(expect.stringMatching(/^failed: outside of the tests: /));
  expect(lines).toContainEqual(expect.stringMatching(/^no second try for once\.test\.ts: a process ended/));
});

test('more than five files that failed are not tried again', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  await plant(Object.fromEntries(names.map((name) => [`${name}.test.ts`, failsOnce(name)])));
  expect(await runTests([], { settings: settings() })).toBe(6);
  expect(lines).toContain('no second try for a.test.ts: 6 files have failed');
});

test('repeated files add up, and say which run failed', async () => {
  await plant({ 'once.test.ts': failsOnce('once') });
  expect(await repeatTests(['once'], 4, settings())).toBe(1);
  expect(lines).toContain('run 1 of 4: 0 passed, 1 failed\n');
  expect(lines).toContain('run 4 of 4, beside a load: 1 passed, 0 failed\n');
  expect(lines.at(-1)).toBe('3 passed, 1 failed');
});
