import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { expect, test } from 'vitest';
import { pageSteps } from './pageSteps.ts';

const block = (opening: string, text: string) => `\`\`\`${opening}\n${text}\n\`\`\`\n`;

test('files and commands are taken in the order of the page, each command with the output right after it', () => {
  const page = [
    block('ts', '// jobs/a.ts\nexport {};'),
    block('sh terminal 1 runs on', 'npx jobstream dev'),
    block('text', 'ready'),
    block('sh terminal 2 exits 1', 'false'),
    'Words.\n',
    block('gitignore', '# .dockerignore\n.data'),
  ].join('\n');
  expect(pageSteps(page)).toEqual([
    { file: 'jobs/a.ts', text: '// jobs/a.ts\nexport {};\n' },
    { terminal: '1', commands: 'npx jobstream dev', runsOn: true, exitCode: 0, output: 'ready' },
    { terminal: '2', commands: 'false', runsOn: false, exitCode: 1, output: '' },
    { file: '.dockerignore', text: '# .dockerignore\n.data\n' },
  ]);
});

test.each([
  ['a command without a terminal', block('sh', 'true'), 'in which terminal? "sh "'],
  ['a terminal with an unknown word', block('sh terminal 1 runs', 'true'), 'in which terminal? "sh terminal 1 runs"'],
  ['code that is in no file', block('ts', 'export {};'), 'neither a command nor a file with a name:\nexport {};'],
])('%s is refused', (_what, page, message) => {
  expect(() => pageSteps(page)).toThrow(message);
});

test('all of docs/tutorial.md is followed', () => {
  const steps = pageSteps(readFileSync(path.join(repositoryRoot, 'docs/tutorial.md'), 'utf8'));
  const commands = steps.flatMap((step) => ('commands' in step ? [step.commands] : [])).join('\n');
  for (const word of ['npm install', 'jobstream dev', 'enqueue', 'watch', 'retry', 'node --test', 'docker build']) {
    expect(commands).toContain(word);
  }
});
