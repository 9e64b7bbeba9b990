import { rm } from 'node:fs/promises';
import path from 'node:path';
import { eventually, type RunningSystem, runToEnd, scratchDataFolder, startSystem } from '@jobstream/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';

const SLOW = 120_000;

let dataDir: string;
let system: RunningSystem;

beforeAll(async () => {
  dataDir = await scratchDataFolder('npm-start');
  system = await startSystem(dataDir);
}, SLOW);

afterAll(async () => {
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
}, SLOW);

describe('npm start', () => {
  test(
    'an address of NATS that is none is one clear sentence and a failed start',
    async () => {
      const { code, output } = await runToEnd({ NATS_URL: 'garbage', DATA_DIR: path.join(dataDir, 'unused') });
      expect(code).not.toBe(0);
      expect(output).toMatch(/^[^\n]*NATS_URL[^\n]*$/);
    },
    SLOW,
  );

  test(
    'a second system on the same data folder is refused',
    async () => {
      const { code, output } = await runToEnd({ DATA_DIR: dataDir });
      expect(code).not.toBe(0);
      expect(output).toContain(String(system.process.pid));
    },
    SLOW,
  );

  test(
    'starts an app that was killed again, and says so',
    async () => {
      const [pid] = await system.pidsOf('apps/worker/');
      process.kill(pid ?? 0, 'SIGKILL');
      await eventually(
        () => expect(system.lines.some((line) => /worker ended .*starting it again/.test(line))).toBe(true),
        { timeoutMs: 60_000 },
      );
    },
    SLOW,
  );

  test(
    'leaves no process behind when it is killed itself',
    async () => {
      const pids = await system.pidsOf('');
      expect(pids.length).toBeGreaterThan(5);
      await system.stop('SIGKILL');
      await eventually(() => expect(pids.filter(isAlive)).toEqual([]), { timeoutMs: 60_000 });
      system = await startSystem(dataDir);
      expect((await jobsClient(system.api).list('limit=1')).items).toEqual([]);
    },
    SLOW,
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
