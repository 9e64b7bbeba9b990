import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Archive, ArchiveWriter, FolderStore } from '@jobstream/archive';
import { encodeJobEvent } from '@jobstream/domain';
import { EventLog, eventSubject, EXPECTED_SEQUENCE, type LogEntry } from '@jobstream/eventlog';
import { publishRaw } from '@jobstream/eventlog/testing/publishRaw';
import { forEachTest, newJob } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { appendLife } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { startProjector } from '../../testing/startProjector.ts';
import { archiveSegment } from './archiveSegment.ts';

/** A log with an archive: what `moveAll` moves there is no longer in the log. */
const stage = forEachTest(async () => {
  const [parts, folder] = [await projectorStage(), await mkdtemp(path.join(tmpdir(), 'copied-'))];
  const store = new FolderStore(folder);
  const eventLog = new EventLog({ url: parts.nats.url, name: 'test', archive: new Archive(store) });
  await eventLog.start();
  const moveAll = async () => {
    const archive = new Archive(store);
    const writing = { archive, writer: await ArchiveWriter.open(store, archive), beginLate: false };
    await archiveSegment({ ...writing, eventLog, stop: new AbortController().signal });
    await eventLog.prefix.purgeBefore((await eventLog.lastSequence()) + 1);
  };
  return {
    ...parts,
    eventLog,
    moveAll,
    async [Symbol.asyncDispose]() {
      await eventLog.stop();
      await parts[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

const names = async (id: string) => (await stage.eventLog.readHistory(id)).map(({ event }) => event.event);

const AGO = new Date(Date.now() - 3_600_000).toISOString();

/** A job that was created an hour ago, of which nothing is left in the log. */
async function archivedJob() {
  const created = { ...newJob(undefined, 'email'), at: AGO };
  const { data: _data, ...common } = created;
  const started = { ...common, event: 'JobStarted', version: 2, data: { attempt: 1, worker: 'worker-1' } } as const;
  const completed = { ...common, event: 'JobCompleted', version: 3, data: { attempt: 1, durationMs: 5 } } as const;
  await stage.eventLog.append(started, await stage.eventLog.append(created, 0));
  await stage.projectedAll();
  await stage.moveAll();
  return { id: created.jobId, created, started, completed };
}

test.each([
  ['creation', 'created', {}],
  ['creation with its headers', 'created', { [EXPECTED_SEQUENCE]: '0' }],
  ['start', 'started', {}],
] as const)(
  'a copy of the %s of a job whose events are in the archive alone changes neither its history nor its row',
  async (_name, which, fields) => {
    await using _projector = await startProjector(stage);
    const { id, completed, ...events } = await archivedJob();
    const copied = events[which];
    const sequence = await publishRaw(stage.nats.url, eventSubject(copied), encodeJobEvent(copied), fields);
    await stage.projectedAll();
    expect(await names(id)).toEqual(['JobCreated', 'JobStarted']);
    const processing = { status: 'processing', version: 2, attempt: 1 };
    expect(await stage.eventLog.readJob(id)).toMatchObject({ sequence, job: processing });
    expect(await stage.readModel.findJob(id)).toMatchObject({ sequence: 2, job: processing });
    await stage.eventLog.append(completed, sequence);
    await stage.projectedAll();
    expect(await names(id)).toEqual(['JobCreated', 'JobStarted', 'JobCompleted']);
    expect((await stage.readModel.findJob(id))?.job).toMatchObject({ status: 'completed', version: 3 });
  },
);

test('events in the archive say whether they are linked', async () => {
  const id = await appendLife(stage.eventLog, 2);
  const [, started] = await stage.eventLog.readHistory(id);
  if (started === undefined) throw new Error('the job is not in the log');
  await publishRaw(stage.nats.url, eventSubject(started.event), encodeJobEvent(started.event));
  await stage.moveAll();
  const feed = stage.eventLog.follow({ after: 0, links: true });
  const entries: LogEntry[] = [];
  for await (const some of feed) if (entries.push(...some) >= 3) break;
  expect(entries).toMatchObject([{ linked: true }, { linked: true }, { linked: false }]);
});
