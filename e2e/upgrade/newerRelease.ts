import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { linkPackages } from './linkPackages.ts';

/** A copy of this release that knows two more events: JobNoted, and JobFiled, with which a job begins. */
export interface NewerRelease extends AsyncDisposable {
  readonly folder: string;
  /** Its program that notes something about a job; it prints whether the event may be written, and writes it in any case. */
  readonly noteJob: string;
  /** Its program that creates a `sleep` job by a JobFiled, of which a timer calls for work; it prints the same. */
  readonly fileJob: string;
}

const PARTS = ['apps', 'libs', 'migrations', 'package.json'];
const LEFT_OUT = new Set(['node_modules', 'dist', '.data']);

const EVENTS = `
  JobNoted: define({
    summary: 'Somebody has noted something about the job.',
    token: 'noted',
    protocol: 1_000,
    data: { note: Schema.String },
    secrets: {},
    hidden: [],
    legalIn: ['scheduled', 'pending', 'processing', 'retrying', 'completed', 'failed', 'cancelled'],
    fits: always,
    evolve: (job, { data: { note } }) => ({ ...job, progress: { message: note } }),
  }),
  JobFiled: define({
    summary: 'The job exists, in another way than by a JobCreated.',
    token: 'filed',
    protocol: 1_000,
    data: creationData,
    secrets: {},
    hidden: [],
    legalIn: [],
    fits: always,
    evolve: (_none, { jobId: id, jobType: type, at, data }) => {
      return { ...data, id, type, status: 'pending', version: 1, attempt: 0, createdAt: at, updatedAt: at };
    },
  }),
};
export type JobEventName = `;

const NOTE = `
import { randomUUID } from 'node:crypto';
import { EventLog } from '@jobstream/eventlog';

const [url, jobId] = process.argv.slice(2);
const log = new EventLog({ url, name: 'notes' });
await log.start();
const processes = await log.announcements.openLiveProcesses();
console.log(processes.canWrite('JobNoted') ? 'may be written' : 'must not be written yet');
const { job, sequence } = await log.readJob(jobId);
const envelope = { v: 1, id: randomUUID(), jobId, jobType: job.type, version: job.version + 1, at: new Date().toISOString() };
const actor = { kind: 'user', id: 'test' };
await log.append({ ...envelope, event: 'JobNoted', actor, data: { note: 'call the customer' } }, sequence);
await log.stop();
`;

const FILE = `
import { randomUUID } from 'node:crypto';
import { EventLog } from '@jobstream/eventlog';

const [url, jobId] = process.argv.slice(2);
const log = new EventLog({ url, name: 'files' });
await log.start();
const processes = await log.announcements.openLiveProcesses();
console.log(processes.canWrite('JobFiled') ? 'may be written' : 'must not be written yet');
const at = new Date().toISOString();
const envelope = { v: 1, id: randomUUID(), jobId, jobType: 'sleep', version: 1, at, actor: { kind: 'user', id: 'test' } };
const settings = { maxAttempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 60_000, tags: [] };
await log.append({ ...envelope, event: 'JobFiled', data: { payload: { durationMs: 1 }, ...settings } }, 0);
await log.scheduleWake({ jobId, jobType: 'sleep', at });
await log.stop();
`;

/** Copies the sources of this release and plants the events in them. */
export async function newerRelease(): Promise<NewerRelease> {
  const parent = path.join(repositoryRoot, '.data/cache/releases');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(path.join(parent, 'newer-'));
  for (const part of PARTS) {
    await cp(path.join(repositoryRoot, part), path.join(folder, part), { recursive: true, filter: isSource });
  }
  await linkPackages(folder);
  await plantEvents(path.join(folder, 'libs/domain/src/job/jobEvents.ts'));
  const noteJob = path.join(folder, 'apps/projector/src/noteJob.ts');
  const fileJob = path.join(folder, 'apps/projector/src/fileJob.ts');
  await Promise.all([writeFile(noteJob, NOTE), writeFile(fileJob, FILE)]);
  return { folder, noteJob, fileJob, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

function isSource(file: string): boolean {
  return !LEFT_OUT.has(path.basename(file));
}

async function plantEvents(file: string): Promise<void> {
  const source = await readFile(file, 'utf8');
  const end = '\n};\nexport type JobEventName = ';
  if (source.split(end).length !== 2) throw new Error(`the end of the events is not found in ${file}`);
  await writeFile(file, source.replace(end, EVENTS));
}
