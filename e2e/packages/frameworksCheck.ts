import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { resolveNatsServer, runCommand } from '@jobstream/servers';
import type { PackedPackage } from '@jobstream/tools';
import { runProgram } from '../harness/runProgram.ts';
import type { PackageCheck } from './checks.ts';
import type { Runtime } from './programs.ts';

const FIXTURES = path.join(import.meta.dirname, 'frameworks');

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
export function frameworksCheck({ name, program }: Runtime, packages: readonly PackedPackage[]): PackageCheck {
  return {
    name: `${name} runs a test of handlers with ${frameworks.map((framework) => framework.name).join(', ')}`,
    run: async () => {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-frameworks-'));
      try {
        await install(folder, packages);
        for (const framework of frameworks) await runTest(program, folder, framework);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function install(folder: string, packages: readonly PackedPackage[]): Promise<void> {
  await cp(FIXTURES, folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  const tarballs = packages.map(({ tarball }) => tarball);
  const others = ['zod@4.6.7', 'vitest@5.1.1', 'jest@30.5.2'];
  await runCommand('npm', ['install', ...flags, ...tarballs, ...others], { cwd: folder, timeoutMs: 300_000 });
}

async function runTest(program: string, folder: string, { name, source, args }: Framework): Promise<void> {
  const test = `import { test } from '${source}';\nimport { greetAndRetry, greetOnServer } from './greeting.mjs';\n\ntest('greets', greetAndRetry);\ntest('greets on a server', greetOnServer);\n`;
  await writeFile(path.join(folder, args.at(-1)?.split('/').at(-1) ?? ''), test);
  const env = { PATH: path.dirname(program), HOME: folder, NATS_SERVER: await resolveNatsServer() };
  const { code, output } = await runProgram(program, args, { cwd: folder, env });
  assert.equal(code, 0, `${name}: ${output}`);
}
