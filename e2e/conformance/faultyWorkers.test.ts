import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { PYTHON_PACKAGE } from '../harness/pythonPackage.ts';
import { faultyWorkers } from './faultyWorkers.ts';

let source: string;

beforeAll(async () => {
  const folder = path.join(PYTHON_PACKAGE, 'src');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.py'));
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
  source = texts.join('\n');
});

// Whether the scenarios detect the faults takes minutes, and is a stage of every night.
test.for(faultyWorkers)('the faulty worker that $name is still made of the package', ({ edits }) => {
  const found = edits.map(([text]) => [text, source.split(text).length - 1]);
  expect(found).toEqual(edits.map(([text]) => [text, 1]));
});
