import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { migrate } from '@jobstream/readmodel';
import {
  eventually,
  queryDatabase,
  startNats,
  startPostgres,
  type TestNats,
  type TestPostgres,
} from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { runProjectorTask } from '../harness/runProjectorTask.ts';
import { type Services, startServices } from '../harness/startServices.ts';

/** What must not be found: long enough that it stands nowhere by chance. */
const marker = () => `marker-${randomUUID()}`;

let folders: { nats: string; archive: string; postgres: string };
let nats: TestNats;
let postgres: TestPostgres;
let env: Record<string, string>;

beforeAll(async () => {
  const [natsFolder, archive] = await Promise.all([temporary('shred-nats'), temporary('shred-archive')]);
  [nats, postgres] = await Promise.all([startNats({ dataDir: natsFolder }), startPostgres()]);
  await migrate(postgres.url);
  const [row] = await queryDatabase<{ data_directory: string }>(postgres.url, 'SHOW data_directory');
  folders = { nats: natsFolder, archive, postgres: row?.data_directory ?? '' };
  env = { NATS_URL: nats.url, DATABASE_URL: postgres.url, ARCHIVE: archive, LOG_LEVEL: 'warn' };
});

afterAll(async () => {
  await Promise.all([nats?.[Symbol.asyncDispose](), postgres?.[Symbol.asyncDispose]()]);
  for (const folder of [folders?.nats, folders?.archive]) await rm(folder ?? '', { recursive: true, force: true });
});

const temporary = (name: string) => mkdtemp(path.join(os.tmpdir(), `jobstream-${name}-`));

/** A mail about the marker, delivered or refused for what is in it; in its payload, its result, or its error. */
async function runJob({ api }: Services, text: string): Promise<string> {
  const jobs = jobsClient(api);
  const { id } = await jobs.create({ type: 'email', payload: { to: `${text}@example.com`, text } });
  await jobs.reaches(id, 'completed');
  await eventually(async () => expect((await jobs.list('status=completed')).items.map((job) => job.id)).toContain(id));
  return id;
}

/** In how many files of each folder the text stands, whatever Postgres had in memory. */
async function found(text: string): Promise<Record<string, number>> {
  await queryDatabase(postgres.url, 'CHECKPOINT');
  const counts = Object.entries(folders).map(async ([name, folder]) => [name, (await filesWith(folder, text)).length]);
  return Object.fromEntries(await Promise.all(counts)) as Record<string, number>;
}

async function wrappedKeyOf(jobId: string): Promise<string> {
  const connection = await connect({ servers: nats.url });
  const { streams } = await jetstreamManager(connection, { timeout: 60_000 });
  const message = await streams.getMessage('KEYS', { last_by_subj: `keys.${jobId}.key` });
  await connection.close();
  return message?.string() ?? '';
}

/** All that the API tells about the job, in whatever form. */
async function answersAbout(api: string, id: string): Promise<Record<string, string>> {
  const ask = async (url: string, accept = 'application/json') =>
    (await fetch(`${api}${url}`, { headers: { accept } })).text();
  const job = `/api/jobs/${id}`;
  return {
    job: await ask(job),
    asOf: await ask(`${job}?asOf=2100-01-01T00:00:00Z`),
    list: await ask('/api/jobs?type=email'),
    events: await ask(`${job}/events`),
    cloudEvents: await ask(`${job}/events`, 'application/cloudevents-batch+json'),
    stream: await ask(`${job}/events`, 'text/event-stream'),
    feed: await feedUpTo(`${api}/api/events?after=0`, id),
  };
}

async function feedUpTo(url: string, id: string): Promise<string> {
  const abort = new AbortController();
  const { body } = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: abort.signal });
  let text = '';
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes(id) && text.includes('JobCompleted')) break;
  }
  abort.abort();
  return text;
}

test('shredding a job removes its contents from all files and responses, and overwrites its key', async () => {
  const [plain, secret] = [marker(), marker()];
  {
    await using running = await startServices(() => env);
    await runJob(running, plain);
  }
  const PAYLOAD_KEYS = `test:${randomBytes(32).toString('base64')}`;
  const keys = { api: { PAYLOAD_KEYS }, worker: { PAYLOAD_KEYS }, projector: {} };
  await using running = await startServices((service) => ({ ...env, ...keys[service] }));
  const id = await runJob(running, secret);
  expect((await runProjectorTask('archive', env, ['--now'])).code).toBe(0);

  const before = await answersAbout(running.api, id);
  for (const [form, text] of Object.entries(before))
    expect({ form, shown: text.includes(secret) }).toEqual({ form, shown: true });
  const wrappedKey = await wrappedKeyOf(id);
  expect(await found(wrappedKey)).toMatchObject({ nats: 1, archive: 0, postgres: 0 });

  const erased = await fetch(`${running.api}/api/jobs/${id}/payload`, { method: 'DELETE' });
  expect(erased.status).toBe(200);
  expect(await erased.json()).toMatchObject({
    payload: { shredded: true },
    result: { shredded: true },
    status: 'completed',
  });

  const after = await answersAbout(running.api, id);
  for (const [form, text] of Object.entries(after))
    expect({ form, shown: text.includes(secret) }).toEqual({ form, shown: false });
  expect(await found(secret)).toEqual({ nats: 0, archive: 0, postgres: 0 });
  expect(await found(wrappedKey)).toEqual({ nats: 0, archive: 0, postgres: 0 });
  // The same search finds the contents of a job that was not encrypted.
  const control = await found(plain);
  for (const folder of Object.keys(folders))
    expect({ folder, files: control[folder] }).not.toEqual({ folder, files: 0 });
});

/** The files under the folder, by their name there, in which the text stands, also compressed; some go while one looks. */
async function filesWith(folder: string, text: string): Promise<readonly string[]> {
  const matches: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    if (bytes.includes(text) || unpacked(file, bytes).includes(text)) matches.push(path.relative(folder, file));
  }
  return matches;
}

function unpacked(file: string, bytes: Buffer): Buffer {
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}
