import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { resolveNatsServer } from '@jobstream/servers';
import type { PackedPackage } from '@jobstream/tools';
import { runProgram } from '../harness/runProgram.ts';
import type { Check } from '../harness/runChecks.ts';
import type { Runtime } from './programs.ts';
import { inFolder, installInto } from './userProject.ts';

const FIXTURES = path.join(import.meta.dirname, 'frameworks');
const OTHERS = ['zod@4.6.7', 'vitest@5.1.1', 'jest@30.5.2'];

/** A framework for tests: where its `test` comes from, and how it is started. */
interface Framework {
  readonly name: string;
  readonly source: string;
  readonly args: readonly string[];
}

const frameworks: readonly Framework[] = [
  { name: 'node:test', source: 'node:test', args: ['--test', 'node.test.mjs'] },
  { name: 'vitest', source: 'vitest', args: ['node_modules/vitest/vitest.mjs', 'run', 'vitest.test.mjs'] },
  {
    name: 'jest',
    source: '@jest/globals',
    args: [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--transform={}',
      '--testMatch=**/jest.test.mjs',
    ],
  },
];

/** A test of handlers passes with the packed packages in an empty folder, with each framework. */
export function frameworksCheck({ name, program }: Runtime, packages: readonly PackedPackage[]): Check {
  return {
    name: `${name} runs a test of handlers with ${frameworks.map((framework) => framework.name).join(', ')}`,
    run: () =>
      inFolder(async (folder) => {
        await installInto(folder, { fixtures: FIXTURES, packages, others: OTHERS });
        for (const framework of frameworks) await runTest(program, folder, framework);
      }),
  };
}

async function runTest(program: string, folder: string, { name, source, args }: Framework): Promise<void> {
  const test = `import { test } from '${source}';\nimport { greetAndRetry, greetOnServer } from './greeting.mjs';\n\ntest('greets', greetAndRetry);\ntest('greets on a server', greetOnServer);\n`;
  await writeFile(path.join(folder, args.at(-1)?.split('/').at(-1) ?? ''), test);
  const env = { PATH: path.dirname(program), HOME: folder, NATS_SERVER: await resolveNatsServer() };
  const { code, output } = await runProgram(program, args, { cwd: folder, env });
  assert.equal(code, 0, `${name}: ${output}`);
}
