import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { TestProcess } from '@jobstream/test-support';
import { beforeAll, expect, test } from 'vitest';

const { scripts } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};
/** Scripts whose program is ours, with the arguments that package.json gives it. */
const tools = Object.entries(scripts).flatMap(([name, command]): [string, string[]][] => {
  const [, words] = /node tools\/bootstrap\.mjs ((?:tools|bench|e2e)\/\S+\.ts.*)$/.exec(command) ?? [];
  return words === undefined ? [] : [[name, words.split(' ')]];
});

test('package.json has the tools that this test expects', () => {
  const names = [
    'start',
    'demo',
    'doctor',
    'migrate',
    'rebuild',
    'verify',
    'archive',
    'keys',
    'images',
    'env',
    'test',
    'bench',
  ];
  expect(tools.map(([name]) => name)).toEqual(expect.arrayContaining(names));
});

/**
 * Asks each of them for its help in one process, which loads what they share once: they write it and leave before they have
 * begun. Messages `{ code, stdout }` arrive in their order.
 */
const ASK_ALL = `
class Exit extends Error {}
process.exit = (code) => { throw Object.assign(new Exit(), { code }); };
for (const [place, [file, ...args]] of ${JSON.stringify(tools.map(([, words]) => words))}.entries()) {
  let stdout = '';
  process.argv = [process.execPath, file, ...args, '--help'];
  process.stdout.write = (text) => Boolean((stdout += text));
  // The same program may stand behind several scripts.
  const exit = await import('${repositoryRoot}/' + file + '?' + place).catch((error) => error);
  if (!(exit instanceof Exit)) throw new Error(file + ': ' + (exit?.stack ?? 'it did not leave'));
  await new Promise((sent) => process.send({ code: exit.code, stdout }, sent));
}
process.disconnect();`;

let answers: readonly unknown[];

beforeAll(async () => {
  const args = ['--input-type=module', '--eval', ASK_ALL];
  await using asking = new TestProcess(process.execPath, { args, cwd: repositoryRoot, env: process.env });
  if ((await asking.ended) !== 0 || asking.output !== '') throw new Error(asking.output);
  answers = asking.messages;
});

test.each(tools.map(([name, words], place) => ({ name, words, place })))(
  'npm run $name -- --help writes a help text and starts nothing',
  ({ words: [script = ''], place }) => {
    // Without it, the program would do its work instead.
    const source = readFileSync(path.join(repositoryRoot, script), 'utf8');
    expect(source).toContain('readCommandLine(');
    expect(answers[place]).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^Usage: npm (start|test|run [\w:]+)(\n| -- .+\n)\n[^]+\n {2}-h, --help +Shows this help\.\n/,
      ),
    });
  },
);

/** The command line `jobstream` hands over to them. */
const OF_USERS = ['doctor', 'migrate', 'verify', 'rebuild', 'archive', 'keys', 'outbox'];

test.each(OF_USERS)('the help of %s has examples', (name) => {
  const answer = answers[tools.findIndex(([tool]) => tool === name)] as { readonly stdout: string };
  expect(answer.stdout).toMatch(new RegExp(`\\n\\nExamples:\\n(?: {2}\\$ npm run ${name}.*\\n){2,}$`));
});
