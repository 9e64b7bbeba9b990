import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { resolveNatsServer, runCommand } from '@jobstream/servers';
import { scratchDataFolder, TestProcess } from '@jobstream/test-support';
import type { PackedPackage } from '@jobstream/tools';
import { checkServedPage } from '../harness/checkServedPage.ts';
import { runProgram } from '../harness/runProgram.ts';
import type { Check } from '../harness/runChecks.ts';
import type { PackagesUnderTest } from './checks.ts';
import type { Runtime } from './programs.ts';

const EMAIL = ['enqueue', 'email', '{"to": "user@example.com"}', '--wait', '60s', '--json'];
const IN_PROJECT = 'node_modules/.bin/jobstream';

/** The command line, installed into an empty folder. */
export function commandLineChecks({ packages, programs, system }: PackagesUnderTest): readonly Check[] {
  return [
    ...[programs.oldestNode22, programs.current].map((runtime) => apiCheck(runtime, packages, system.api)),
    systemCheck(programs.current, packages),
  ];
}

function apiCheck({ name, program }: Runtime, packages: readonly PackedPackage[], api: string): Check {
  return {
    name: `${name} runs the command line against an API`,
    run: () =>
      inEmptyFolder(packages, async (folder) => {
        const { code, output } = await runProgram(program, [IN_PROJECT, ...EMAIL, '--url', api], {
          cwd: folder,
          env: {},
        });
        assert.equal(code, 0, output);
        assert.equal((JSON.parse(output) as { status: string }).status, 'completed');
      }),
  };
}

/** Without the server package in the project, it is installed into the cache of the user. */
function systemCheck({ name, program }: Runtime, packages: readonly PackedPackage[]): Check {
  return {
    name: `${name} runs a whole system in an empty folder with \`jobstream dev\``,
    run: () =>
      inEmptyFolder(packages, async (folder) => {
        const env = {
          ...process.env, // npm finds its registry by it
          PATH: `${path.dirname(program)}:${process.env['PATH']}`,
          XDG_CACHE_HOME: path.join(folder, 'cache'),
          JOBSTREAM_SERVER: tarballOf(packages, '@jobstream/server'),
          NATS_SERVER: await resolveNatsServer(),
          PORT: '0',
        };
        const options = { cwd: folder, env, ipc: false };
        await using dev = new TestProcess(program, { ...options, args: [IN_PROJECT, 'dev'] });
        await dev.wrote('Installing @jobstream/server');
        await checkServedPage(await ready(dev));
        const { code, output } = await runProgram(program, [IN_PROJECT, ...EMAIL], { cwd: folder, env });
        assert.equal(code, 0, output);
        const verified = await runProgram(program, [IN_PROJECT, 'verify'], { cwd: folder, env });
        assert.equal(verified.code, 0, verified.output);
        dev.kill('SIGINT');
        assert.equal(await dev.ended, 0, dev.output);
      }),
  };
}

/** Returns the address of the API. The installation and the first start of Postgres take longer than other waits for a line. */
async function ready(dev: TestProcess): Promise<string> {
  const [, api = ''] = await dev.matched(/ready: (http\S+)\s/, 300_000);
  return api;
}

async function inEmptyFolder(
  packages: readonly PackedPackage[],
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await scratchDataFolder('command-line');
  try {
    await writeFile(path.join(folder, 'package.json'), '{ "private": true }');
    const tarballs = ['@jobstream/client', 'jobstream'].map((name) => tarballOf(packages, name));
    const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
    await runCommand('npm', ['install', ...flags, ...tarballs], { cwd: folder, timeoutMs: 300_000 });
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function tarballOf(packages: readonly PackedPackage[], name: string): string {
  const found = packages.find(({ definition }) => definition.name === name);
  assert.ok(found, `${name} was not packed`);
  return found.tarball;
}
