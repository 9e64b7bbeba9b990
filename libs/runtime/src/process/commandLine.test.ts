import { expect, test } from 'vitest';
import { helpOf, parseCommandLine, typedCommand, UsageError } from './commandLine.ts';

const definition = {
  command: 'npm run copy',
  summary: 'Copies files.',
  options: {
    force: { type: 'boolean', short: 'f', help: 'Overwrites files.' },
    days: { type: 'string', value: 'days', default: '7', help: 'Copies files of the last days; default 7.' },
  },
  words: '<file>…',
  environment: { DATA_DIR: 'The folder to copy to.' },
  examples: ['a.txt', '--force a.txt'],
} as const;

test('the help lists the options and the environment', () => {
  expect(helpOf(definition)).toBe(`Usage: npm run copy -- [options] <file>…

Copies files.

Options:
  -f, --force    Overwrites files.
  --days <days>  Copies files of the last days; default 7.
  -h, --help     Shows this help.

Environment:
  DATA_DIR  The folder to copy to.

Examples:
  $ npm run copy -- a.txt
  $ npm run copy -- --force a.txt
`);
  expect(helpOf({ command: 'npm run env', summary: 'Writes .env.' })).toMatch(/^Usage: npm run env\n\nWrites .env.\n/);
});

test.each([
  [undefined, ['npm start', 'npm run verify', 'npm run verify -- --repair']],
  ['npx jobstream doctor', ['npx jobstream dev', 'npx jobstream verify', 'npx jobstream verify --repair']],
  [
    'npm run jobstream -- doctor',
    ['npm run jobstream -- dev', 'npm run jobstream -- verify', 'npm run jobstream -- verify --repair'],
  ],
])('other commands are named as the user has typed this one: %s', (typed, [start, verify, repair]) => {
  expect(typedCommand('start', '', typed)).toBe(start);
  expect(typedCommand('verify', '', typed)).toBe(verify);
  expect(typedCommand('verify', '--repair', typed)).toBe(repair);
});

test('the help of a command behind `--` has no other one', () => {
  const { options } = definition;
  expect(helpOf({ command: 'npm run jobstream -- copy', summary: '', options })).toMatch(
    /^Usage: npm run jobstream -- copy \[options\]\n/,
  );
});

test('options and positional arguments are returned, with defaults', () => {
  expect(parseCommandLine(definition, ['-f', 'a', 'b'])).toEqual({
    values: { force: true, days: '7' },
    words: ['a', 'b'],
  });
});

test.each([
  ['an unknown option', definition, ['--fast'], "Unknown option '--fast'; for help: npm run copy -- --help"],
  [
    'an unexpected positional argument',
    { ...definition, words: undefined },
    ['now'],
    /^Unexpected argument 'now'; for help: /,
  ],
  ['an option without its value', definition, ['--days'], /^Option '--days <value>' argument missing; for help: /],
])('%s is refused in one sentence', (_what, { words, ...rest }, args, message) => {
  expect(() => parseCommandLine(words === undefined ? rest : { ...rest, words }, args)).toThrow(message);
});

const numbers = {
  command: 'npm run draw',
  summary: 'Draws.',
  options: {
    rounds: { type: 'string', number: 'whole', help: '' },
    limit: { type: 'string', number: 'any', help: '' },
    seed: { type: 'string', number: 'whole', least: 0, help: '' },
  },
} as const;

test('values that are numbers are returned as they were typed', () => {
  const { values } = parseCommandLine(numbers, ['--rounds', '3', '--limit', '0.5', '--seed', '0']);
  expect(values).toEqual({ rounds: '3', limit: '0.5', seed: '0' });
});

test.each([
  ['rounds', '1.5', 'a whole number above 0'],
  ['rounds', '0', 'a whole number above 0'],
  ['limit', '0', 'a number above 0'],
  ['limit', 'low', 'a number above 0'],
  ['limit', '', 'a number above 0'],
  ['limit', 'Infinity', 'a number above 0'],
  ['seed', '-1', 'a whole number from 0 on'],
  ['seed', '9007199254740992', 'a whole number from 0 on'],
])('--%s=%s is refused', (option, value, expected) => {
  const message = `expected --${option} to be ${expected}, got: ${value}`;
  expect(() => parseCommandLine(numbers, [`--${option}=${value}`])).toThrow(new UsageError(message));
});
