import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { expect, test } from 'vitest';
import { runInShell } from '../harness/runInShell.ts';
import { fencedBlocks } from './fencedBlocks.ts';

/** The `ts` blocks of a page by the file that their first line names; those of one file make one program. */
function programsOf(page: string, unnamed: string): Map<string, string> {
  const programs = new Map<string, string>();
  for (const { language, text } of fencedBlocks(readFileSync(path.join(repositoryRoot, page), 'utf8'))) {
    if (language !== 'ts') continue;
    const [, file = unnamed] = /^\/\/ ([\w.]+\.ts)\n/.exec(text) ?? [];
    programs.set(file, `${programs.get(file) ?? ''}${text}\n\n`);
  }
  return programs;
}

test.each([
  ['docs/testing.md', 'reminder.test.ts', 12],
  ['libs/testing-kit/README.md', 'readme.test.ts', 1],
])('the tests in %s pass', async (page, file, count) => {
  await mkdir(path.join(repositoryRoot, '.data'), { recursive: true });
  // Inside the repository, where the packages can be resolved.
  const folder = await mkdtemp(path.join(repositoryRoot, '.data', 'testing-'));
  try {
    for (const [name, code] of programsOf(page, file)) await writeFile(path.join(folder, name), code);
    const { signal } = new AbortController();
    const env = { PATH: process.env['PATH'] ?? '' };
    const shell = runInShell(`exec ${process.execPath} --test ${path.join(folder, file)}`, { env, signal });
    const code = await shell.ended;
    expect({ code, output: shell.output }).toEqual({ code: 0, output: expect.stringMatching(`pass ${count}\n`) });
  } finally {
    await rm(folder, { recursive: true });
  }
});
