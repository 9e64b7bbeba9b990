import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '@jobstream/testing';
import type { CpuProfile } from './stepsOfProfile.ts';

const PRELOAD = path.join(import.meta.dirname, 'profileOnSignal.ts');
const PATIENCE = { timeoutMs: 60_000 };

/** Makes the Node processes that are started from now on ready to be profiled. */
export function letBeProfiled(folder: string): void {
  process.env['PROFILE_FOLDER'] = folder;
  process.env['NODE_OPTIONS'] = `--import ${PRELOAD}`;
}

/** Profiles a process while some work is done. */
export async function profiled(pid: number, folder: string, work: () => Promise<unknown>): Promise<CpuProfile> {
  const file = path.join(folder, `${pid}.cpuprofile`);
  await rm(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  await eventually(() => readFile(`${file}.begun`), PATIENCE);
  await work();
  process.kill(pid, 'SIGUSR2');
  return eventually(async () => JSON.parse(await readFile(file, 'utf8')) as CpuProfile, PATIENCE);
}
