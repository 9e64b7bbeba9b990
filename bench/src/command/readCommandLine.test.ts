import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { parseBenchCommandLine } from './readCommandLine.ts';

const definition = {
  command: 'npm run bench:weigh',
  summary: 'Weighs.',
  words: '<fruit>',
  knownWords: ['apple', 'pear'],
  options: {
    scale: { type: 'string', value: 'id', multiple: true, known: ['kitchen', 'shop'], help: '' },
    workload: { type: 'string', value: 'id', known: ['drain-1', 'drain-2', 'fill'], begins: true, help: '' },
    rounds: { type: 'string', value: 'n', number: 'whole', help: '' },
    limit: { type: 'string', value: 'ratio', number: 'any', help: '' },
  },
} as const;

test('known values are returned', () => {
  const args = [
    'pear',
    '--scale',
    'shop',
    '--scale',
    'kitchen',
    '--workload',
    'drain',
    '--rounds',
    '3',
    '--limit',
    '1.03',
  ];
  expect(parseBenchCommandLine(definition, args)).toEqual({
    values: { scale: ['shop', 'kitchen'], workload: 'drain', rounds: '3', limit: '1.03' },
    words: ['pear'],
  });
});

test.each([
  [['--scale', 'shop', '--scale', 'sho'], 'there is no scale sho; known are kitchen, shop'],
  [['--workload', 'drains'], 'there is no workload drains; known are drain-1, drain-2, fill'],
  [['--rounds', '1.5'], 'expected --rounds to be a whole number above 0, got: 1.5'],
  [['--rounds', '0'], 'expected --rounds to be a whole number above 0, got: 0'],
  [['--limit', 'low'], 'expected --limit to be a number above 0, got: low'],
  [['--limit', ''], 'expected --limit to be a number above 0, got: '],
  [['plum'], 'there is no plum; known are apple, pear'],
  [
    ['--fast'],
    "Unknown option '--fast'; for help: npm run bench:weigh -- --help; known are --scale, --workload, --rounds, --limit",
  ],
])('%j is refused in one sentence', (args, message) => {
  expect(() => parseBenchCommandLine(definition, args)).toThrow(new UsageError(message));
});

/** The programs that package.json has scripts for. */
const { scripts } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};
const programs = Object.values(scripts).flatMap((script) => / (bench\/\w+\.ts)$/.exec(script)?.[1] ?? []);

test('all programs of the benchmarks but one by hand have a script', () => {
  const all = readdirSync(path.join(repositoryRoot, 'bench')).filter((name) => name.endsWith('.ts'));
  expect(programs.toSorted()).toEqual(all.filter((name) => name !== 'logs.ts').map((name) => `bench/${name}`));
});

test.each(programs.map((program) => [program]))('%s ends with code 2 for an unknown option', async (program) => {
  await using refused = TestProcess.node(program, { args: ['--fast'], cwd: repositoryRoot, env: process.env });
  expect(await refused.ended).toBe(2);
  expect(refused.output).toMatch(/^Unknown option '--fast'.*; (known are --\w+.*|there are no options)\n$/);
});

test.each([
  [['bench/main.ts', '--quick', '--report', '--system', 'rabbit'], 'there is no system rabbit; known are jobstream, '],
  [
    ['bench/main.ts', '--quick', '--report', '--workload', 'sleep'],
    'there is no workload sleep; known are bulk-enqueue, ',
  ],
  [['bench/ab.ts', 'no-such-commit'], 'there is no commit no-such-commit\n'],
])('%j ends with code 2', async ([program = '', ...args], sentence) => {
  await using refused = TestProcess.node(program, { args, cwd: repositoryRoot, env: process.env });
  expect(await refused.ended).toBe(2);
  expect(refused.output.startsWith(sentence)).toBe(true);
});
