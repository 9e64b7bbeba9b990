import { rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EventLog } from '@jobstream/eventlog';
import { DiskWatch, repositoryRoot } from '@jobstream/servers';
import {
  createDatabase,
  eventually,
  newJob,
  scratchDataFolder,
  startNatsOnFullableDisk,
  startSystem,
  TestProcess,
} from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { ballastIn, type Ballast } from '../harness/ballast.ts';
import { createImageDisk } from '../harness/imageDisk.ts';
import { jobsClient } from '../harness/jobsClient.ts';

const MB = 1_000_000;
const CLIENTS = 6;

/** A data folder whose log is on a disk of 64 MB of its own. */
interface SmallSystem extends AsyncDisposable {
  readonly dataDir: string;
  readonly ballast: Ballast;
  readonly env: Record<string, string>;
  free(): Promise<number>;
}

/** Undefined where no disk can be mounted, which needs root and loop devices. */
async function onSmallDisk(): Promise<SmallSystem | undefined> {
  const dataDir = await scratchDataFolder('full-disk');
  const folder = path.join(dataDir, 'nats');
  const disk = await createImageDisk(folder, 64).catch(() => undefined);
  if (disk === undefined) return undefined;
  const ballast = ballastIn(folder);
  return {
    dataDir,
    ballast,
    env: { DATABASE_URL: await createDatabase(), LOG_LEVEL: 'warn' },
    free: () => statfs(folder).then(({ bavail, bsize }) => bavail * bsize),
    async [Symbol.asyncDispose]() {
      await ballast.free();
      await disk[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Skips without root, and elsewhere than in CI where root may not mount a disk. */
async function smallSystem(context: { skip: (note: string) => never }): Promise<SmallSystem> {
  const system = await onSmallDisk();
  if (system !== undefined) return system;
  if (process.env['CI'] === undefined || process.getuid?.() !== 0)
    return context.skip('a disk is mounted by root alone');
  throw new Error('in CI root must be able to mount a disk, which needs loop devices');
}

/** Creates jobs all the time, whatever the answers are, until it is stopped. */
function createJobs(api: string) {
  const jobs = jobsClient(api, undefined, { retryForMs: 0 });
  const acknowledged: string[] = [];
  const stopping = new AbortController();
  const client = async () => {
    while (!stopping.signal.aborted) {
      const job = await jobs.create({ type: 'sleep', payload: { durationMs: 20 } }).catch(() => undefined);
      if (job === undefined) await pause(50);
      else acknowledged.push(job.id);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  return {
    acknowledged,
    reached: (count: number) => eventually(() => expect(acknowledged.length).toBeGreaterThanOrEqual(count)),
    stop: () => {
      stopping.abort();
      return Promise.all(clients);
    },
  };
}

async function readiness(api: string): Promise<{ status: number; reason: string }> {
  const response = await fetch(`${api}/health/ready`);
  const { reasons } = (await response.json()) as { reasons?: { log?: string } };
  return { status: response.status, reason: reasons?.log ?? '' };
}

test('after a disk was full under load and has room again, every acknowledged job completes without a person', async (context) => {
  await using small = await smallSystem(context);
  await using system = await startSystem(small.dataDir, small.env);
  const load = createJobs(system.api);
  await load.reached(50);
  await small.ballast.fill();
  const full = {
    status: 503,
    reason: expect.stringMatching(/no space left on device.*0\.0 MB of its disk are free/),
  };
  await eventually(async () => expect(await readiness(system.api)).toEqual(full));
  await system.process.wrote('the log takes no more, its disk is full');
  const before = load.acknowledged.length;
  await small.ballast.free();
  await load.reached(before + 50);
  await load.stop();
  expect(await readiness(system.api)).toMatchObject({ status: 200 });
  const jobs = jobsClient(system.api);
  for (const id of load.acknowledged) await jobs.reaches(id, 'completed');
  expect(system.process.output.match(/restarting nats-server, which takes no more/g)).toHaveLength(1);
});

test('a log that nearly fills its disk goes on after a restart; with less free than the reserve it is not called ready, until there is room', async (context) => {
  await using small = await smallSystem(context);
  const large = { type: 'sleep', payload: { durationMs: 1, note: 'x'.repeat(250_000) } };
  const fill = async () => {
    await using system = await startSystem(small.dataDir, small.env);
    const jobs = jobsClient(system.api);
    for (let count = 0; count < 80; count += 1) await jobs.create(large);
  };
  await fill();
  await small.ballast.leave(10 * MB);
  {
    // Three quarters of what is free would be less than the log has.
    await using system = await startSystem(small.dataDir, small.env);
    expect(await readiness(system.api)).toMatchObject({ status: 200 });
    await jobsClient(system.api).create({ type: 'sleep', payload: { durationMs: 1 } });
  }
  await small.ballast.leave(2 * MB);
  const env = { ...process.env, DATA_DIR: small.dataDir, PORT: '0', LOG_FORMAT: 'json', ...small.env };
  await using closed = TestProcess.node('tools/start.ts', { cwd: repositoryRoot, env, ipc: false });
  await closed.wrote('not ready: nats-server');
  expect(closed.output).toMatch(/stores no more: it has 2\d\.\d MB of 1\d\.\d MB that max_file_store allows/);
  expect(closed.output).not.toContain('ready: http');
  await small.ballast.free();
  await closed.wrote('the log may take');
  await closed.wrote('ready: http');
  closed.kill('SIGTERM');
  expect(await closed.ended).toBe(0);
});

test('a full disk is reported once, also when the server had failed before it was full', async (context) => {
  await using small = await smallSystem(context);
  await using nats = await startNatsOnFullableDisk();
  const log = new EventLog({ url: nats.url, name: 'full-disk', deadlineMs: 500 });
  await log.start();
  await nats.fillDisk();
  await expect(log.append(newJob(), 0)).rejects.toThrow('not available');
  await log.stop();
  await small.ballast.fill();
  const [roomy, full] = [path.join(repositoryRoot, '.data', 'disk-watch'), path.join(small.dataDir, 'nats')];
  const lines: string[] = [];
  let looks = 0;
  const server = {
    monitorUrl: nats.monitorUrl,
    get storeDir() {
      looks += 1;
      return looks === 1 ? roomy : full;
    },
    raiseLimit: () => Promise.resolve(undefined),
  };
  const watch = new DiskWatch({
    server,
    restart: () => Promise.reject(new Error('there is no room')),
    report: (line) => void lines.push(line),
    intervalMs: 5,
  });
  watch.start();
  await eventually(() => expect(looks).toBeGreaterThan(6));
  watch.stop();
  expect(lines).toEqual([
    expect.stringMatching(/^the log takes no more, its disk is full: .*file too large; it goes on/),
  ]);
});
