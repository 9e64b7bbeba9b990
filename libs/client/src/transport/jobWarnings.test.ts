import { expect, test, vi } from 'vitest';
import { json, startServer } from '../../testing/startServer.ts';
import { JobstreamClient } from '../index.ts';

const detail = 'no worker has announced the type emial; did you mean email?';
const warnings = [{ code: 'unknown-type', pointer: '/type', detail, nearest: ['email'] }];
const created = json(201, { id: '01a21007-5d41-7b37-bb26-e9f0e3028d57', type: 'emial', status: 'pending', warnings });

test('a client warns of a misspelt type once, in whatever way its jobs come', async () => {
  const batch = json(201, { jobs: [{ id: '01a21007-5d41-7b37-bb26-e9f0e3028d58', status: 'pending' }], warnings });
  await using server = await startServer(created, batch, created);
  const warn = vi.fn<(sentence: string) => void>();
  const { jobs } = new JobstreamClient({ url: server.url, warn });
  await expect(jobs.create({ type: 'emial' })).resolves.toMatchObject({ warnings });
  await jobs.createBatch([{ type: 'emial' }]);
  await jobs.create({ type: 'emial' });
  expect(warn.mock.calls).toEqual([[`jobstream: POST /api/jobs: ${detail}`]]);
});

test('it warns of each type', async () => {
  const other = detail.replaceAll('emial', 'emaill');
  const batch = json(201, { jobs: [], warnings: [...warnings, { ...warnings[0], detail: other }] });
  await using server = await startServer(batch);
  const warn = vi.fn<(sentence: string) => void>();
  await new JobstreamClient({ url: server.url, warn }).jobs.createBatch([{ type: 'emial' }, { type: 'emaill' }]);
  expect(warn.mock.calls.flat()).toEqual([
    `jobstream: POST /api/jobs/batch: ${detail}`,
    `jobstream: POST /api/jobs/batch: ${other}`,
  ]);
});

test('it writes to the console unless it is told otherwise', async () => {
  await using server = await startServer(created);
  const console_ = vi.spyOn(console, 'warn').mockReturnValue();
  for (const options of [{ jobWarnings: false }, { warn: false }, {}] as const) {
    await new JobstreamClient({ url: server.url, ...options }).jobs.create({ type: 'emial' });
  }
  expect(console_.mock.calls).toEqual([[`jobstream: POST /api/jobs: ${detail}`]]);
});

test('it remembers a hundred sentences, and tells no more', async () => {
  const many = Array.from({ length: 101 }, (_, index) => ({
    ...warnings[0],
    detail: `no worker has announced t${index}`,
  }));
  await using server = await startServer(json(201, { jobs: [], warnings: many }));
  const warn = vi.fn<(sentence: string) => void>();
  await new JobstreamClient({ url: server.url, warn }).jobs.createBatch([]);
  expect(warn).toHaveBeenCalledTimes(100);
});

test('a warning that cannot be written is not tried again', async () => {
  await using server = await startServer(created);
  const warn = vi.fn<(sentence: string) => void>(() => {
    throw new Error('no room');
  });
  const { jobs } = new JobstreamClient({ url: server.url, warn });
  await jobs.create({ type: 'emial' }).catch(() => undefined);
  await expect(jobs.create({ type: 'emial' })).resolves.toMatchObject({ warnings });
  expect(warn).toHaveBeenCalledOnce();
});
