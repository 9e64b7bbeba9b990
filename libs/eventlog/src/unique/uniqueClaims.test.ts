import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { LogOverloadedError, LogUnavailableError } from '../errors.ts';
import type { UniqueSource } from './uniqueClaims.ts';

const stage = useEventLog();
const masterKey = (id: string) => ({ id, secret: randomBytes(32) });

const source: UniqueSource = {
  jobType: 'mail',
  unique: { by: ['payload.a', 'payload.b.c'], while: 'unfinished' },
  payload: { a: 1, b: { c: [null, { x: 1, y: 2 }] }, more: 'text' },
};

test('a key is made of the tenant, the type and the values at the paths, whatever their order', async () => {
  const { unique: claims } = stage.log;
  const key = await claims.keyOf(source);
  expect(key).toMatch(/^[\w-]{22}$/);
  const unique = { by: ['type', 'payload.b.c', 'payload.a', 'payload.a'], forMs: 1_000 };
  const payload = { b: { c: [null, { y: 2, x: 1 }], other: 1 }, a: 1.0 };
  expect(await claims.keyOf({ ...source, unique, payload })).toBe(key);
  const others = await Promise.all([
    claims.keyOf({ ...source, jobType: 'other' }),
    claims.keyOf({ ...source, tenant: 'acme' }),
    claims.keyOf({ ...source, unique: { by: ['payload.a'] } }),
    claims.keyOf({ ...source, payload: { ...(source.payload as object), a: '1' } }),
    claims.keyOf({ ...source, payload: { a: [null, { x: 1, y: 2 }], b: { c: 1 } } }),
  ]);
  expect(new Set([key, ...others]).size).toBe(others.length + 1);
});

test('where contents are encrypted a key is made with a secret, which all processes share and a rotation keeps', async () => {
  await using nats = await startNats();
  const [first, next] = [masterKey('first'), masterKey('next')];
  await using log = await openEventLog({ url: nats.url, masterKeys: [first] });
  await using other = await openEventLog({ url: nats.url, masterKeys: [first] });
  const [key, same] = await Promise.all([log, other].map(({ unique }) => unique.keyOf(source)));
  expect(same).toBe(key);
  expect(await stage.log.unique.keyOf(source)).not.toBe(key);
  await using rotated = await openEventLog({ url: nats.url, masterKeys: [next, first] });
  expect(await rotated.unique.keyOf(source)).toBe(key);
  await using without = await openEventLog({ url: nats.url, masterKeys: [next] });
  await expect(without.unique.keyOf(source)).rejects.toThrow(LogUnavailableError);
});

test('a stream of an earlier release takes claims once one is looked for', async () => {
  await using nats = await startNats();
  await using connection = Object.assign(await connect({ servers: nats.url }), {
    [Symbol.asyncDispose]: () => connection.close(),
  });
  const manager = await jetstreamManager(connection);
  const subjects = async () => (await manager.streams.info('JOBS')).config.subjects;
  {
    await using _log = await openEventLog({ url: nats.url });
    await manager.streams.update('JOBS', { subjects: ['jobs.>', 'schedules.>'] });
  }
  await using log = await openEventLog({ url: nats.url });
  await log.append(new JobScript().create(), 0);
  expect(await subjects()).toEqual(['jobs.>', 'schedules.>']);
  expect(await log.unique.newest('key')).toBeUndefined();
  expect(await subjects()).toEqual(['jobs.>', 'schedules.>', 'unique.>']);
  await log.append(new JobScript().create(), 0, { key: 'key', after: 0 });
});

test.each(['', 'text', '[]', '{"jobId":1}', '{"jobId":"a"}'])(
  'a message that is no claim, %j, names no job',
  async (text) => {
    await using connection = Object.assign(await connect({ servers: stage.nats.url }), {
      [Symbol.asyncDispose]: () => connection.close(),
    });
    await stage.log.unique.newest('strange');
    connection.publish('unique.strange', text);
    await connection.flush();
    expect(await stage.log.unique.newest('strange')).toMatchObject({ jobId: '', jobType: '' });
  },
);

test('what is done for one key is done one after the other', async () => {
  const begun: string[] = [];
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const work = (name: string, until: Promise<void>) => () => {
    begun.push(name);
    return until;
  };
  const { unique } = stage.log;
  const failing = unique.inTurn('a', work('first', first.promise));
  const waiting = unique.inTurn('a', work('second', second.promise));
  await unique.inTurn('b', work('other', Promise.resolve()));
  expect(begun).toEqual(['first', 'other']);
  first.reject(new Error('it failed'));
  await expect(failing).rejects.toThrow('it failed');
  second.resolve();
  await waiting;
  expect(begun).toEqual(['first', 'other', 'second']);
});

test('more than a thousand works for one key are refused, and further ones are taken when some have ended', async () => {
  const { unique } = stage.log;
  const held = Promise.withResolvers<void>();
  const works = Array.from({ length: 1_000 }, () => unique.inTurn('many', () => held.promise));
  const refused = unique.inTurn('many', () => held.promise).catch((error: unknown) => error);
  await unique.inTurn('other', () => Promise.resolve());
  held.resolve();
  expect(await refused).toBeInstanceOf(LogOverloadedError);
  await Promise.all(works);
  await unique.inTurn('many', () => Promise.resolve());
});
