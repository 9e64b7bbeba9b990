import assert from 'node:assert/strict';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { freePort, TestProcess, type RunningSystem } from '@jobstream/test-support';
import { checkPackage, type PackedPackage } from '@jobstream/tools';
import type { Check } from '../harness/runChecks.ts';
import { runProgram } from '../harness/runProgram.ts';
import type { Consumer } from './consumer.ts';
import type { Programs, Runtime } from './programs.ts';

/** What the checks work with. */
export interface PackagesUnderTest {
  readonly packages: readonly PackedPackage[];
  readonly programs: Programs;
  readonly consumer: Consumer;
  readonly system: RunningSystem;
}

const RESOLUTIONS = [
  ['NodeNext', 'NodeNext'],
  ['ESNext', 'Bundler'],
] as const;
const TIMEOUT_MS = 60_000;

/** All checks, in the order in which they are run. */
export function packageChecks(under: PackagesUnderTest): readonly Check[] {
  const { node20, oldestNode22, node22, current, others } = under.programs;
  return [
    ...under.packages.map((packed) => releaseCheck(packed, under)),
    ...compilerChecks(under),
    ...[node20, node22, current, ...others].map((runtime) => clientCheck(runtime, under)),
    ...[node20, current].map((runtime) => waitingProducerCheck(runtime, under)),
    ...[node20, node22, current].map((runtime) => requireCheck(runtime, '@jobstream/client', 'JobstreamClient', under)),
    ...[oldestNode22, node22, current].flatMap((runtime) => [
      requireCheck(runtime, '@jobstream/worker', 'createWorker', under),
      workerCheck(runtime, { script: 'worker.mjs', type: 'greeting', payload: { name: 'Ada' } }, under),
      unconnectedWorkerCheck(runtime, under),
      workerCheck(runtime, { script: 'threadWorker.mjs', type: 'square', payload: { of: 12 } }, under),
    ]),
    // They are TypeScript, which Node runs as it is from 22.18 on.
    ...[node22, current].map((runtime) => testsCheck(runtime, under)),
    builtAppCheck(oldestNode22, under),
  ];
}

function releaseCheck(packed: PackedPackage, { packages }: PackagesUnderTest): Check {
  const run = async () => assert.deepEqual((await checkPackage(packed, packages)).problems, []);
  return { name: `${packed.definition.name} could be published`, run };
}

/** Compiles the project with the strictest settings; its `@ts-expect-error` comments demand that mistakes are found. */
function compilerChecks({ programs, consumer }: PackagesUnderTest): readonly Check[] {
  return Object.entries(programs.compilers).flatMap(([version, compiler]) =>
    RESOLUTIONS.map(([module, resolution]) => ({
      name: `TypeScript ${version} compiles the example app with module resolution ${resolution}`,
      run: async () => {
        const args = [compiler, '--noEmit', '--module', module, '--moduleResolution', resolution];
        await succeeds(process.execPath, args, { cwd: consumer.folder });
      },
    })),
  );
}

function clientCheck({ name, program, args }: Runtime, { consumer, system }: PackagesUnderTest): Check {
  return {
    name: `${name} runs the program in the client's README`,
    run: async () => {
      const output = await succeeds(program, [...args, 'client.mjs'], {
        cwd: consumer.folder,
        env: { ...baseEnvironment(), API: system.api },
      });
      assert.equal(output.trim(), 'accepted: user@example.com');
    },
  };
}

function requireCheck(
  { name, program, args }: Runtime,
  packageName: string,
  exported: string,
  { consumer }: PackagesUnderTest,
): Check {
  return {
    name: `${name} requires ${packageName} from CommonJS`,
    run: async () => {
      const code = `process.exit(typeof require('${packageName}').${exported} === 'function' ? 0 : 1)`;
      await succeeds(program, [...args, '--input-type=commonjs', '--eval', code], { cwd: consumer.folder });
    },
  };
}

interface WorkerRun {
  readonly script: string;
  readonly type: string;
  readonly payload: object;
}

const expectedResults: Readonly<Record<string, unknown>> = { greeting: { text: 'Hello, Ada!' }, square: 144 };

function workerCheck(
  { name, program, args }: Runtime,
  { script, type, payload }: WorkerRun,
  { consumer, system }: PackagesUnderTest,
): Check {
  return {
    name: `${name} runs jobs with ${script}, and ends at SIGTERM`,
    run: async () => {
      const env = { ...baseEnvironment(), NATS_URL: system.nats };
      await using worker = new TestProcess(program, { args: [...args, script], cwd: consumer.folder, env, ipc: false });
      const client = new JobstreamClient({ url: system.api });
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { id } = await client.jobs.create({ type, payload, maxAttempts: 1 }, { signal });
      const job = await Promise.race([client.jobs.waitForCompletion(id, { signal }), endOf(worker)]);
      assert.deepEqual(job, { ...job, status: 'completed', result: expectedResults[type] });
      worker.kill('SIGTERM');
      assert.equal(await worker.ended, 0, worker.output);
    },
  };
}

/** Nothing listens on the port that each gets. */
function unconnectedWorkerCheck({ name, program, args }: Runtime, { consumer }: PackagesUnderTest): Check {
  return {
    name: `${name} runs a worker without NATS, which says so in one line`,
    run: async () => {
      const NATS_URL = `nats://127.0.0.1:${await freePort()}`;
      const options = { cwd: consumer.folder, env: { ...baseEnvironment(), NATS_URL } };
      const { code, output } = await runProgram(program, [...args, 'worker.mjs'], options);
      const [connecting, line = '', ...more] = output.trim().split('\n');
      assert.match(connecting ?? '', /"msg":"connecting to NATS"/u);
      const { msg } = JSON.parse(line) as { msg: string };
      const sentence = `NATS at ${NATS_URL} cannot be reached: the connection was refused. Start it, or correct NATS_URL.`;
      assert.deepEqual({ code, msg, more }, { code: 1, msg: sentence, more: [] });
    },
  };
}

function waitingProducerCheck({ name, program, args }: Runtime, { consumer }: PackagesUnderTest): Check {
  return {
    name: `${name} runs a producer without an API, which says that it tries again`,
    run: async () => {
      const API = `http://127.0.0.1:${await freePort()}`;
      const options = { cwd: consumer.folder, env: { ...baseEnvironment(), API }, ipc: false };
      await using producer = new TestProcess(program, { ...options, args: [...args, 'client.mjs'] });
      await producer.wrote('Trying again for 30 s.\n');
      const why = 'cannot be reached: the connection was refused. Start it, or correct the address.';
      assert.equal(producer.output, `jobstream: POST /api/jobs: the API at ${API} ${why} Trying again for 30 s.\n`);
    },
  };
}

async function endOf(process: TestProcess): Promise<never> {
  throw new Error(`the process ended (${String(await process.ended)}): ${process.output}`);
}

function testsCheck({ name, program, args }: Runtime, { consumer, system }: PackagesUnderTest): Check {
  return {
    name: `${name} runs the tests of the example app`,
    run: async () => {
      await succeeds(program, [...args, '--test', 'test/*.test.ts'], {
        cwd: consumer.folder,
        env: { ...baseEnvironment(), NATS_URL: system.nats, API_URL: system.api },
      });
    },
  };
}

function builtAppCheck({ name, program }: Runtime, { consumer, programs, system }: PackagesUnderTest): Check {
  return {
    name: `${name} runs the built example app: its producer gets results from its worker`,
    run: async () => {
      const { folder: cwd } = consumer;
      await succeeds(process.execPath, [programs.compilers['7'] ?? '', '--project', 'tsconfig.build.json'], { cwd });
      const env = { ...baseEnvironment(), NATS_URL: system.nats, API_URL: system.api };
      await using worker = new TestProcess(program, { args: ['dist/worker.js'], cwd, env, ipc: false });
      const output = await succeeds(program, ['dist/producer.js'], { cwd, env });
      assert.match(output, /^invoice INV-order-\d+: 4430 cents\nthumbnail: 64 x 64, \d+ bytes\n$/u);
      worker.kill('SIGTERM');
      assert.equal(await worker.ended, 0, worker.output);
    },
  };
}

/** What a user's process has: none of the settings of this one. */
function baseEnvironment(): Record<string, string> {
  return { PATH: path.dirname(process.execPath), HOME: process.env['HOME'] ?? '/nonexistent' };
}

async function succeeds(
  program: string,
  args: readonly string[],
  { cwd, env = baseEnvironment() }: { readonly cwd: string; readonly env?: Record<string, string> },
): Promise<string> {
  const { code, output } = await runProgram(program, args, { cwd, env });
  if (code !== 0) throw new Error(`it ended with ${code}:\n${output.trim().split('\n').slice(-40).join('\n')}`);
  return output;
}
