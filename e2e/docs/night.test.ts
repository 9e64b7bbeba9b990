import { readFileSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Job, JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import {
  builtProgram,
  createDatabase,
  eventually,
  type RunningSystem,
  scratchDataFolder,
  startSystem,
  TestProcess,
} from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missingPrograms } from '../harness/runProgram.ts';
import { runInShell } from '../harness/runInShell.ts';
import { missingLine } from './compareOutput.ts';
import { type Example, examplesOf } from './examplesOf.ts';

const GUIDE = 'A night, from the first look to the last retry';
const missing = missingPrograms('bash', 'curl', 'jq');
/** What `diff` ends with where it finds what the guide wants it to find. */
const DIFFERS = 1;

let dataDir: string;
let system: RunningSystem;
let demo: TestProcess;

beforeAll(async () => {
  dataDir = await scratchDataFolder('night');
  system = await startSystem(dataDir, { DATABASE_URL: await createDatabase() });
  demo = TestProcess.node(path.join(repositoryRoot, 'tools/demo.ts'), {
    env: { ...process.env, DATA_DIR: dataDir },
    args: ['--populate', '--keep', '--seconds', '10'],
    ipc: false,
  });
  await demo.matched(/the workers go on/, 180_000);
});

afterAll(async () => {
  await demo?.[Symbol.asyncDispose]();
  await system?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** The commands of the guide, in their order. */
function commandsOfGuide(): readonly Example[] {
  const page = readFileSync(path.join(repositoryRoot, 'docs/operations.md'), 'utf8');
  const [, guide = ''] = page.split(`## ${GUIDE}\n`);
  return examplesOf(guide);
}

/** A folder with the command line as it is after its installation. */
async function commandLine(): Promise<string> {
  const folder = path.join(dataDir, 'bin');
  const program = path.join(folder, 'jobstream');
  await mkdir(folder);
  const main = builtProgram(path.join(repositoryRoot, 'apps/cli/src/main.ts'));
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(program, 0o755);
  return folder;
}

/** What is wrong with what a command has printed, and how it ended; nothing if all is as the guide shows it. */
function complaintAbout({ commands, answer }: Example, output: string): string | undefined {
  const code = Number(/^@@ (\d+)$/m.exec(output)?.[1]);
  if (code !== (commands.includes('diff <(') ? DIFFERS : 0)) return `ended with ${code}:\n${commands}\n${output}`;
  const line = answer === undefined ? undefined : missingLine(answer, output);
  return line === undefined ? undefined : `does not print "${line}":\n${commands}\n${output}`;
}

async function jobsOf(client: JobstreamClient, filter: Parameters<JobstreamClient['jobs']['list']>[0]): Promise<Job[]> {
  const jobs = [];
  for await (const job of client.jobs.list(filter)) jobs.push(job);
  return jobs;
}

/** What the demo has said that is wrong; on a starved machine its client waits for answers, and says so. */
function complaintsOf({ stderr }: TestProcess): string {
  return stderr.replaceAll(/^jobstream: .+ Trying again for \d+ s\.\n/gmu, '');
}

test('an hour of the shop ends as its plan says, with the fault since the deploy and in one customer alone', async () => {
  expect(complaintsOf(demo)).toBe('');
  expect(demo.stdout).toMatch(/webhooks of globex fail since \d{4}-\d\d-\d\dT\S+Z$/mu);
  const client = new JobstreamClient({ url: system.api });
  const failed = await jobsOf(client, { status: 'failed', type: 'order-webhook' });
  expect(failed.length).toBeGreaterThan(5);
  for (const job of failed) {
    expect(job).toMatchObject({ attempt: 3, error: { code: 'ERR_INVALID_URL' } });
    expect(job.tags).toEqual(['customer:globex', 'release:2.4.0']);
  }
  const { items } = await client.failures();
  expect(items.map(({ code, count, name }) => [code ?? name, count])).toEqual(
    expect.arrayContaining([
      ['EENVELOPE', 4],
      ['EFORMAT', 3],
      ['ATTEMPT_TIMEOUT', 2],
      ['VAT_INVALID', 2],
      ['WorkerLost', 1],
    ]),
  );
  expect((await client.stats()).jobs.byType).toMatchObject({
    newsletter: { pending: 14 },
    'order-email': { scheduled: 18, cancelled: 2 },
  });
  const corrected = await jobsOf(client, { type: 'order-email' });
  expect(corrected.filter(({ payload }) => JSON.stringify(payload).includes('jane.doe@mail.example'))).toHaveLength(1);
});

test('the commands of the guide lead from the first look to the last retry', async (context) => {
  if (missing.length > 0 && process.env['CI'] === undefined) return context.skip(missing.join('; '));
  const commands = commandsOfGuide();
  expect(commands.length).toBeGreaterThan(6);
  const script = [
    'set +e',
    'exec 2>&1',
    ...commands.map((one) => `${one.commands}\ncode=$?; echo; echo "@@ $code"; echo @@@`),
  ];
  const search = [await commandLine(), process.env['PATH'] ?? ''].join(path.delimiter);
  const env = { PATH: search, HOME: dataDir, API: system.api, JOBSTREAM_URL: system.api };
  const shell = runInShell(script.join('\n'), { env, signal: context.signal });
  await shell.ended;
  const outputs = shell.output.split(/^@@@\n/m);
  expect(commands.flatMap((one, index) => complaintAbout(one, outputs[index] ?? '') ?? [])).toEqual([]);
  const { jobs } = new JobstreamClient({ url: system.api });
  const mended = { type: 'order-webhook', tag: 'customer:globex' };
  await eventually(async () =>
    expect((await jobs.listPage({ ...mended, status: 'failed', count: true })).total).toBe(0),
  );
  const { items } = await jobs.listPage({ ...mended, limit: 200 });
  expect(items.filter(({ payload }) => Object.hasOwn(payload as object, 'callback_url'))).toEqual([]);
});

test('Ctrl-C ends the workers of the shop', async () => {
  demo.kill('SIGINT');
  expect({ code: await demo.ended, stderr: complaintsOf(demo) }).toEqual({ code: 0, stderr: '' });
});
