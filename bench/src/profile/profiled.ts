import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '@jobstream/test-support';
import type { CpuProfile } from './attributeToSteps.ts';

const WINDOW_SECONDS = 1;

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

/** Profiles of the processor time of a Go server, one after the other while some work is done. */
export async function serverProfiles(port: number, folder: string, work: Promise<unknown>): Promise<string[]> {
  const files: string[] = [];
  const over = new AbortController();
  const noteEnd = () => over.abort();
  work.then(noteEnd, noteEnd);
  while (!over.signal.aborted) {
    const response = await fetch(`http://127.0.0.1:${port}/debug/pprof/profile?seconds=${WINDOW_SECONDS}`);
    const file = path.join(folder, `nats-${files.length}.pprof`);
    await writeFile(file, new Uint8Array(await response.arrayBuffer()));
    files.push(file);
  }
  return files;
}
