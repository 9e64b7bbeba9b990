import { writeFile } from 'node:fs/promises';
import path from 'node:path';

const WINDOW_SECONDS = 1;

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
