import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';

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

test.each(tools)('npm run %s -- --help writes a help text and starts nothing', async (_name, words) => {
  const [script = '', ...args] = words;
  // Without it, the program would do its work instead.
  const source = readFileSync(
    path.join(repositoryRoot, script.replace('conformance/main', 'conformance/planTrials')),
    'utf8',
  );
  expect(source).toContain('readCommandLine(');
  const options = { cwd: repositoryRoot, env: process.env, args: [...args, '--help'] };
  await using tool = TestProcess.node(script, options);
  expect({ code: await tool.ended, stderr: tool.stderr }).toEqual({ code: 0, stderr: '' });
  expect(tool.stdout).toMatch(
    /^Usage: npm (start|test|run [\w:]+)(\n| -- .+\n)\n[^]+\n {2}-h, --help +Shows this help\.\n/,
  );
});
