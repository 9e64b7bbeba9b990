import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, resolveNatsServer, runCommand } from '@jobstream/servers';
import { scratchDataFolder, TestProcess } from '@jobstream/test-support';
import { nodeFloors, spokenFloor, type PackedPackage } from '@jobstream/tools';
import { checkServedPage } from '../harness/checkServedPage.ts';
import { runProgram } from '../harness/runProgram.ts';
import type { Check } from '../harness/runChecks.ts';
import type { PackagesUnderTest } from './checks.ts';
import type { Runtime } from './programs.ts';
import { writeReadmePrograms } from './readmePrograms.ts';

const EMAIL = ['enqueue', 'email', '{"to": "user@example.com"}', '--wait', '60s', '--json'];
const OTHER_PROGRAMS = ['doctor', 'migrate', 'verify', 'rebuild', 'archive', 'keys', 'outbox'];
const IN_PROJECT = 'node_modules/.bin/jobstream';

/** The command line, installed into an empty folder. */
export function commandLineChecks({ packages, programs, consumer, system }: PackagesUnderTest): readonly Check[] {
  return [
    ...[programs.oldestNode22, programs.current].map((runtime) => apiCheck(runtime, packages, system.api)),
    ...programs.tooOld.map((runtime) => floorCheck(runtime, packages)),
    libraryFloorCheck(programs.node20, consumer.folder),
    ...[programs.oldestNode22, programs.earlyNode24, programs.current].map((runtime) => systemCheck(runtime, packages)),
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

/** The first import says it, before anything of the library runs. */
function libraryFloorCheck({ name, program }: Runtime, folder: string): Check {
  return {
    name: `${name} is told by the worker and the testing kit which Node they need, in one line`,
    run: async () => {
      const version = (await runProgram(program, ['--version'], { cwd: folder, env: {} })).output.trim().slice(1);
      for (const library of ['@jobstream/worker', '@jobstream/testing'] as const) {
        await writeFile(path.join(folder, 'first.mjs'), `import '${library}';\nconsole.log('it runs');\n`);
        assert.deepEqual(await runProgram(program, ['first.mjs'], { cwd: folder, env: {} }), {
          code: 2,
          output: `${library}: Node ${spokenFloor(nodeFloors[library])} or newer is needed, and this is ${version}: install a newer one and try again.\n`,
        });
      }
    },
  };
}

/** Nothing is loaded or installed for a Node that would not run it. */
function floorCheck({ name, program }: Runtime, packages: readonly PackedPackage[]): Check {
  return {
    name: `${name} is told by the command line which Node it needs, in one line`,
    run: () =>
      inEmptyFolder(packages, async (folder) => {
        const env = environmentOf(program, folder, packages);
        const version = (await runProgram(program, ['--version'], { cwd: folder, env })).output.trim().slice(1);
        for (const command of ['doctor', 'dev', 'verify', 'list']) {
          assert.deepEqual(await runProgram(program, [IN_PROJECT, command], { cwd: folder, env }), {
            code: 2,
            output: `jobstream: Node ${spokenFloor(nodeFloors.jobstream)} or newer is needed, and this is ${version}: install a newer one and try again.\n`,
          });
        }
        assert.equal(existsSync(env.XDG_CACHE_HOME), false, 'something was installed');
      }),
  };
}

/** Without the server package in the project, it is installed into the cache of the user. */
function systemCheck({ name, program }: Runtime, packages: readonly PackedPackage[]): Check {
  return {
    name: `${name} runs a whole system in an empty folder with \`jobstream dev\`, and its other commands`,
    run: () =>
      inEmptyFolder(packages, async (folder) => {
        await writeReadmePrograms(path.join(repositoryRoot, 'README.md'), 'ts', folder);
        const env = { ...environmentOf(program, folder, packages), NATS_SERVER: await resolveNatsServer(), PORT: '0' };
        const options = { cwd: folder, env, ipc: false };
        const jobstream = async (...args: string[]) => {
          const { code, output } = await runProgram(program, [IN_PROJECT, ...args], options);
          assert.equal(code, 0, output);
          return output;
        };
        await using dev = new TestProcess(program, { ...options, args: [IN_PROJECT, 'dev', '--handlers', 'jobs'] });
        await dev.wrote('Installing @jobstream/server');
        await checkServedPage(await ready(dev));
        await jobstream(...EMAIL);
        await checkHandlers(dev, folder, jobstream);
        assert.match(await jobstream('doctor'), /\nNothing is wrong\.\n$/u);
        await jobstream('verify');
        for (const command of OTHER_PROGRAMS) assert.match(await jobstream(command, '--help'), /^Usage: /mu);
        dev.kill('SIGINT');
        assert.equal(await dev.ended, 0, dev.output);
      }),
  };
}

/** The handlers of the README, which are TypeScript, run, and anew when a file changes that one of them imports. */
async function checkHandlers(
  dev: TestProcess,
  folder: string,
  jobstream: (...args: string[]) => Promise<string>,
): Promise<void> {
  const thumbnail = async () => {
    const payload = '{"url": "https://example.com/cat.jpg", "width": 200}';
    const output = await jobstream('enqueue', 'thumbnail', payload, '--wait', '60s', '--json');
    return (JSON.parse(output) as { result: unknown }).result;
  };
  await dev.wrote('handlers run: thumbnail');
  assert.deepEqual(await thumbnail(), { bytes: 5_400 });
  await writeFile(path.join(folder, 'factor.ts'), 'export const factor: number = 2;\n');
  const worker = path.join(folder, 'jobs/worker.ts');
  const code = (await readFile(worker, 'utf8')).replace('* width', '* width * factor');
  await writeFile(worker, `import { factor } from '../factor.ts';\n${code}`);
  await dev.wrote('handlers run: thumbnail', 2);
  assert.deepEqual(await thumbnail(), { bytes: 10_800 });
  await writeFile(path.join(folder, 'factor.ts'), 'export const factor: number = 3;\n');
  await dev.wrote('factor.ts has changed');
  await dev.wrote('handlers run: thumbnail', 3);
  assert.deepEqual(await thumbnail(), { bytes: 16_200 });
  assert.doesNotMatch(dev.output, /ExperimentalWarning/u);
}

/** What a user has whose first Node in the PATH is `program`, with a cache of their own. */
function environmentOf(program: string, folder: string, packages: readonly PackedPackage[]) {
  return {
    ...process.env, // npm finds its registry by it
    PATH: `${path.dirname(program)}:${process.env['PATH']}`,
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    JOBSTREAM_SERVER: tarballOf(packages, '@jobstream/server'),
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
    await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    const tarballs = ['@jobstream/client', '@jobstream/worker', 'jobstream'].map((name) => tarballOf(packages, name));
    const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
    await runCommand('npm', ['install', ...flags, ...tarballs, 'zod@4.6.7'], { cwd: folder, timeoutMs: 300_000 });
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
