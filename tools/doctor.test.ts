import path from 'node:path';
import { defineJob, JobstreamClient } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import {
  builtProgram,
  createDatabase,
  eventually,
  scratchDataFolder,
  SkewedClock,
  startNats,
  startSystem,
  TestProcess,
} from '@jobstream/test-support';
import { createWorker } from '@jobstream/worker';
import { expect, test } from 'vitest';
import { runningAddresses } from './src/system/runningAddresses.ts';

async function runDoctor(dataDir: string, env: NodeJS.ProcessEnv = {}, further: readonly string[] = []) {
  const settings = { ...process.env, NATS_URL: undefined, DATABASE_URL: undefined, ...env };
  const args = ['--data-dir', dataDir, ...further];
  await using doctor = TestProcess.node(builtProgram(path.join(import.meta.dirname, 'doctor.ts')), {
    env: settings,
    args,
    ipc: false,
  });
  return { code: await doctor.ended, output: doctor.output };
}

test('of a system that runs nothing is wrong, and of one whose database hangs it is said', async () => {
  const dataDir = await scratchDataFolder('doctor');
  await using system = await startSystem(dataDir);
  expect(await runDoctor(dataDir)).toEqual({
    code: 0,
    output: 'Checked: this machine, the settings, NATS, Postgres, the API.\nNothing is wrong.\n',
  });

  const pids = await system.pidsOf('postgres');
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  const { code, output } = await runDoctor(dataDir, { WORKER_CONCURENCY: '5' });
  for (const pid of pids) process.kill(pid, 'SIGCONT');
  expect(code).toBe(1);
  expect(output).toMatch(
    /^- WORKER_CONCURENCY is not a setting .+\n- The database .+ cannot be used: .+\n- The API .+ is not ready: .+\n/,
  );
  expect(output).toMatch(/\nWrong: 3\.\n$/);
});

test('workers that have announced different definitions of a type are named, and jobs for which no worker is there', async () => {
  const dataDir = await scratchDataFolder('doctor');
  await using system = await startSystem(dataDir, { DATABASE_URL: await createDatabase() });
  const { NATS_URL: url = '' } = runningAddresses(dataDir, 'worker') ?? {};
  const log = new EventLog({ url, name: 'worker', createStreams: false });
  await log.start();
  const announce = async (worker: string, startedAt: string, maxAttempts: number) => {
    const self = { worker, host: 'h', startedAt };
    await log.announcements.heartbeat({ ...self, pid: 1, types: ['report'], runningCount: 0, running: [] });
    await log.announcements.announceType({
      ...self,
      type: 'report',
      limits: { concurrency: 1 },
      defaults: { maxAttempts },
    });
  };
  await eventually(async () => {
    await announce('build-7', '2026-01-01T00:00:00Z', 5);
    await announce('build-8', '2026-02-01T00:00:00Z', 4);
    const { code, output } = await runDoctor(dataDir);
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining(
        '- Workers differ: jobs of report get maxAttempts 4 from the definition of build-8, which started last, but build-7 has maxAttempts 5. ',
      ) as string,
    });
  });
  await log.stop();
  const client = new JobstreamClient({ url: system.api, jobWarnings: false });
  for (const type of ['reprot', 'idle']) await client.jobs.create({ type });
  await client.types.pause('idle');
  await eventually(async () =>
    expect((await runDoctor(dataDir)).output).toContain(
      '- No living worker takes jobs of the type reprot, and 1 job waits; was report meant? ' +
        'Start a worker of the type, or cancel what waits: jobstream cancel --type reprot\n',
    ),
  );
  expect((await runDoctor(dataDir)).output).not.toContain('idle');
});

const validate = () => ({ value: {} });
/** A schema that takes everything. */
const payload = { '~standard': { version: 1, vendor: 'test', validate } } as const;

test('a schedule that came from a definition is named once no definition names it any more', async () => {
  const dataDir = await scratchDataFolder('doctor');
  await using system = await startSystem(dataDir, { DATABASE_URL: await createDatabase() });
  const client = new JobstreamClient({ url: system.api });
  await client.schedules.create({ name: 'by-hand', cron: '@yearly', job: { type: 'sleep', payload: {} } });
  const report = defineJob('report', { payload, schedule: { cron: '@yearly', payload: {} } });
  const start = async (definition: typeof report) => {
    const worker = createWorker({ natsUrl: system.nats }).handle(definition, () => undefined);
    await worker.start();
    return worker;
  };
  const first = await start(report);
  await eventually(async () => expect(await client.schedules.get('report')).toHaveProperty('definedBy'));
  expect(await runDoctor(dataDir)).toMatchObject({ code: 0 });
  await first.stop();
  await client.types.remove('report');
  const second = await start(defineJob('report', { payload }));
  await eventually(async () => expect(await client.schedules.get('report')).not.toHaveProperty('definedBy'));
  const { code, output } = await runDoctor(dataDir);
  await second.stop();
  expect(code).toBe(1);
  expect(output).toContain(
    "- The schedule report came from a definition of report, and no definition of the last day's workers names it. " +
      'Start the worker whose definition does, or remove it: jobstream schedules delete report\n',
  );
  expect(output).toMatch(/\nWrong: 1\.\n$/);
});

test('a clock that differs from that of the server by more than a worker accepts is named', async () => {
  await using nats = await startNats();
  const log = new EventLog({ url: nats.url, name: 'test' });
  await log.start();
  await log.stop();
  await using clock = await SkewedClock.create(120_000);
  const { code, output } = await runDoctor('/nowhere', { ...clock.env, NATS_URL: nats.url });
  expect(code).toBe(1);
  expect(output).toMatch(/^- The clock of this machine is 1(19|20|21) s ahead of the NATS server's; /);
  const accepting = { ...clock.env, NATS_URL: nats.url, MAX_CLOCK_SKEW: '5m' };
  expect(await runDoctor('/nowhere', accepting)).toMatchObject({ code: 0 });
});

test('a program gets one document', async () => {
  const { code, output } = await runDoctor('/nowhere', { WORKER_CONCURENCY: '5' }, ['--json']);
  const finding = { wrong: expect.stringContaining('WORKER_CONCURENCY is not a setting'), remedy: expect.any(String) };
  expect({ code, ...(JSON.parse(output) as object) }).toEqual({
    code: 1,
    findings: [finding],
    checked: ['this machine', 'the settings'],
    unchecked: ['NATS', 'Postgres', 'the API'],
  });
});

test('without a system it says what it has not looked at, and that nothing runs', async () => {
  const { code, output } = await runDoctor('/nowhere');
  expect({ code, output }).toEqual({
    code: 1,
    output: `Checked: this machine, the settings. Not NATS, Postgres, the API: no system runs on /nowhere, and no address is set.
Nothing runs here.
`,
  });
});
