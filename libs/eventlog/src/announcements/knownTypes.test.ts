import { beforeEach, expect, test } from 'vitest';
import { announced, beating } from '../../testing/announced.ts';
import { KnownTypes } from './knownTypes.ts';
import { KnownWorkers } from './knownWorkers.ts';
import { encodeTypeAnnouncement, type TypeAnnouncement } from './typeAnnouncement.ts';
import { encodeHeartbeat } from './workerHeartbeat.ts';

const HOUR_MS = 3_600_000;

let warnings: object[];
let types: KnownTypes;
let workers: KnownWorkers;
let sequence = 0;

beforeEach(() => {
  warnings = [];
  const sink = { info: () => undefined, warn: (details: object) => void warnings.push(details) };
  types = new KnownTypes({ sink, isLive: () => true, onWorkerRemoved: () => undefined, onChange: () => undefined });
  workers = new KnownWorkers(sink, () => undefined);
});

function announce(worker: string, changes: Partial<TypeAnnouncement> = {}, storedAtMs = 0): void {
  const announcement = announced(worker, changes);
  const subject = `types.${announcement.type}.${worker}`;
  types.apply({ subject, sequence: ++sequence, storedAtMs, body: encodeTypeAnnouncement(announcement) });
}

function beat(worker: string, storedAtMs = 0): void {
  const body = encodeHeartbeat(beating(worker));
  workers.apply({ subject: `workers.${worker}`, sequence: ++sequence, storedAtMs, body });
}

test('of more than 10,000 announcements the further ones are ignored', () => {
  for (let index = 0; index < 10_001; index++) announce(`w${index}`);
  expect(types.announcements()).toHaveLength(10_000);
  expect(warnings).toEqual([{ subject: 'types.thumbnail.w10000', reason: 'too many announcements' }]);
  types.apply({ subject: 'types.thumbnail.w0', sequence: ++sequence, storedAtMs: 0, body: '' });
  announce('w10000');
  expect(types.announcements()).toHaveLength(10_000);
  expect(warnings).toHaveLength(1);
});

test('of more than 1,000 types the further ones are ignored', () => {
  for (let index = 0; index < 1_001; index++) announce('w', { type: `type-${index}` });
  expect(types.types()).toHaveLength(1_000);
  expect(types.type('type-1000')).toBeUndefined();
});

test('of more than 64 MiB the further announcements are ignored', () => {
  const empty = encodeTypeAnnouncement(announced('w1000', { payloadSchema: { description: '' } })).length;
  const payloadSchema = { description: 'x'.repeat(64 * 1_024 - empty) };
  for (let index = 0; index < 1_025; index++) announce(`w${1_000 + index}`, { payloadSchema });
  expect(types.announcements()).toHaveLength(1_024);
});

test('of more than 10,000 workers the further ones are ignored', () => {
  for (let index = 0; index < 10_001; index++) beat(`w${index}`);
  expect(workers.heartbeats()).toHaveLength(10_000);
  beat('w0');
  expect(workers.has('w0')).toBe(true);
  expect(warnings).toEqual([{ subject: 'workers.w10000', reason: 'too many workers' }]);
});

test('an announcement that the server removed unseen is dropped after 25 hours of its clock', () => {
  announce('lost');
  announce('repeated');
  announce('repeated', {}, HOUR_MS);
  types.dropLost(25 * HOUR_MS);
  expect(types.announcements()).toHaveLength(2);
  types.dropLost(25 * HOUR_MS + 1);
  expect(types.type('thumbnail')?.announcements.map(({ worker }) => worker)).toEqual(['repeated']);
});

test('an announcement that was renewed keeps no older one, which the server has removed unseen', () => {
  announce('w0', {}, 0);
  announce('w1', {}, 0);
  announce('w0', {}, 20 * HOUR_MS);
  types.dropLost(26 * HOUR_MS);
  expect(types.announcements()).toMatchObject([{ worker: 'w0' }]);
});

test('a worker whose heartbeat the server removed unseen is dropped when others are newer by 36 seconds', () => {
  beat('lost');
  beat('alive', 36_000);
  expect(workers.has('lost')).toBe(true);
  beat('alive', 36_001);
  expect([workers.has('lost'), workers.has('alive')]).toEqual([false, true]);
});

test('a removal leaves what was announced after it', () => {
  announce('before');
  const removal = { subject: 'types.thumbnail.$settings', sequence: ++sequence, storedAtMs: 0 };
  announce('after');
  types.apply({ ...removal, body: '{"v":1,"removed":true}' });
  expect(types.type('thumbnail')?.announcements.map(({ worker }) => worker)).toEqual(['after']);
});
