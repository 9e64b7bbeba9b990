import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import { announced } from '../../testing/announced.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { publishRaw } from '../../testing/publishRaw.ts';
import type { TypeRegistry } from './typeRegistry.ts';

const warnings: object[] = [];
const logger = { info: () => undefined, warn: (details: object) => void warnings.push(details) };
const stage = useEventLog({ logger });
let registry: TypeRegistry;
let count = 0;
let type: string;

beforeEach(async () => {
  registry ??= await stage.log.announcements.openRegistry();
  warnings.length = 0;
  type = `report-${++count}`;
});

const at = (hour: number) => `2026-11-27T${String(hour).padStart(2, '0')}:00:00.000Z`;

/** Announces the type by a worker that started at this hour. */
function announce(worker: string, hour: number, defaults?: object): Promise<void> {
  const changes = { type, startedAt: at(hour), ...(defaults === undefined ? {} : { defaults }) };
  return stage.log.announcements.announceType(announced(worker, changes));
}

/** What the stream keeps of the type. */
async function stored(subject = `types.${type}.$definition`): Promise<unknown> {
  const nats = await connect({ servers: stage.nats.url });
  try {
    const { streams } = await jetstreamManager(nats);
    return (await streams.getMessage('TYPES', { last_by_subj: subject }).catch(() => null))?.json();
  } finally {
    await nats.close();
  }
}

function expectDefinition(worker: string, defaults: object, of: TypeRegistry = registry) {
  return eventually(() => expect(of.definition(type)).toMatchObject({ worker, defaults }));
}

const expectKept = (worker: string, hour: number, defaults: object) =>
  eventually(async () => expect(await stored()).toEqual({ v: 1, worker, startedAt: at(hour), defaults }));

test('the definition of the worker that started last holds, whoever announces later', async () => {
  const backoff = { type: 'fixed', delayMs: 50 };
  await announce('newer', 9, { maxAttempts: 4, backoff, timeoutMs: 60_000 });
  await announce('older', 8, { maxAttempts: 7 });
  await announce('without-definition', 10);
  await eventually(() => expect(registry.type(type)?.announcements).toHaveLength(3));
  expect(registry.definition(type)).toEqual({
    worker: 'newer',
    startedAt: at(9),
    defaults: { maxAttempts: 4, backoff, timeoutMs: 60_000 },
  });
});

test('a definition outlives the announcement of its worker, for registries that open later as well', async () => {
  const body = JSON.stringify({ v: 1, ...announced('w', { type, startedAt: at(9), defaults: { maxAttempts: 4 } }) });
  await publishRaw(stage.nats.url, `types.${type}.w`, body, { 'Nats-TTL': '1s' });
  await expectDefinition('w', { maxAttempts: 4 });
  await eventually(() => expect(registry.type(type)).toBeUndefined());
  await expectDefinition('w', { maxAttempts: 4 });
  await using later = await openEventLog({ url: stage.nats.url });
  expect((await later.announcements.openRegistry()).definition(type)).toMatchObject({ defaults: { maxAttempts: 4 } });
});

test('a definition that says nothing ends an earlier one, and is kept in its place alone', async () => {
  await announce('first', 8, {});
  await expectDefinition('first', {});
  await announce('second', 9, { maxAttempts: 4 });
  await expectKept('second', 9, { maxAttempts: 4 });
  await announce('third', 10, {});
  await expectKept('third', 10, {});
  expect(registry.definition(type)).toMatchObject({ worker: 'third', defaults: {} });
});

test('the signals of a type outlive the announcement with its definition, and the worker that starts next may have others', async () => {
  const [approved, large] = [{ required: ['by'] }, { description: 'x'.repeat(20_000) }];
  const of = (worker: string, hour: number, signals: object) =>
    stage.log.announcements.announceType(
      announced(worker, { type, startedAt: at(hour), defaults: {}, signals } as object),
    );
  await of('first', 8, { approved, large, note: null });
  const kept = { approved, large: null, note: null };
  await eventually(async () => expect(await stored()).toMatchObject({ worker: 'first', defaults: {}, signals: kept }));
  await stage.log.announcements.removeWorker('first');
  await eventually(() => expect(registry.type(type)).toBeUndefined());
  await using later = await openEventLog({ url: stage.nats.url });
  const other = await later.announcements.openRegistry();
  for (const each of [registry, other]) expect(each.definition(type)).toMatchObject({ signals: kept });
  await of('first', 8, { paid: null });
  await eventually(async () => expect(await stored()).toMatchObject({ worker: 'first', signals: { paid: null } }));
  await of('second', 9, {});
  await eventually(() => expect(registry.definition(type)).toMatchObject({ worker: 'second', signals: {} }));
});

test('of a type without settings the stream keeps nothing', async () => {
  await announce('w', 8, {});
  await expectDefinition('w', {});
  const other = type;
  type = `${type}-other`;
  await announce('w', 8, { maxAttempts: 4 });
  await expectKept('w', 8, { maxAttempts: 4 });
  expect(await stored(`types.${other}.$definition`)).toBeUndefined();
});

test('two registries agree, and what one of them has kept does not replace what is newer', async () => {
  await using second = await openEventLog({ url: stage.nats.url });
  const other = await second.announcements.openRegistry();
  const hours = [3, 9, 5, 7, 1, 8, 2, 6, 4];
  await Promise.all(hours.map((hour) => announce(`w${hour}`, hour, { maxAttempts: hour })));
  await expectKept('w9', 9, { maxAttempts: 9 });
  for (const each of [registry, other]) await expectDefinition('w9', { maxAttempts: 9 }, each);
  expect(registry.definition(type)).toEqual(other.definition(type));
});

test('a type that is removed has no definition any more, until a worker announces one', async () => {
  await using second = await openEventLog({ url: stage.nats.url });
  const other = await second.announcements.openRegistry();
  await announce('w', 9, { maxAttempts: 4 });
  for (const each of [registry, other]) await expectDefinition('w', { maxAttempts: 4 }, each);
  await expectKept('w', 9, { maxAttempts: 4 });
  await stage.log.announcements.removeType(type);
  for (const each of [registry, other]) await eventually(() => expect(each.definition(type)).toBeUndefined());
  expect(await stored()).toBeUndefined();
  await announce('w', 9, { maxAttempts: 3 });
  await expectDefinition('w', { maxAttempts: 3 });
});

test('the removal of a worker leaves the definition that it has announced', async () => {
  await announce(`${type}-w`, 9, { maxAttempts: 4 });
  await expectDefinition(`${type}-w`, { maxAttempts: 4 });
  await stage.log.announcements.removeWorker(`${type}-w`);
  await eventually(() => expect(registry.type(type)).toBeUndefined());
  await expectDefinition(`${type}-w`, { maxAttempts: 4 });
});

test.each([
  ['too many attempts', { maxAttempts: 1_001 }],
  ['an endless attempt', { timeoutMs: 604_800_001 }],
  ['an unknown backoff', { backoff: { type: 'linear' } }],
  ['no object', 5],
])('a definition with %s is ignored, not the announcement', async (_what, defaults) => {
  await announce('right', 8, { maxAttempts: 4 });
  const changes = { type, startedAt: at(9), payloadSchema: { type: 'object' }, defaults };
  const body = JSON.stringify({ v: 1, ...announced('wrong', changes as object) });
  await publishRaw(stage.nats.url, `types.${type}.wrong`, body);
  await eventually(() => expect(registry.type(type)?.announcements.at(0)).toMatchObject({ worker: 'wrong' }));
  await expectDefinition('right', { maxAttempts: 4 });
  const subject = `types.${type}.wrong`;
  expect(warnings).toEqual([{ subject, reason: expect.stringContaining('/defaults') as string }]);
});

test('fields of a definition that a newer release has added are ignored', async () => {
  await announce('w', 8, { maxAttempts: 4, priority: 'high' });
  await expectDefinition('w', { maxAttempts: 4 });
  expect(registry.definition(type)?.defaults).toEqual({ maxAttempts: 4 });
});

test('a registry that may not keep definitions says so once, and uses them', async () => {
  const lines: object[] = [];
  const own = { info: () => undefined, warn: (details: object) => void lines.push(details) };
  const denied = 'permissions: { publish: { deny: ["types.*.$definition"] } }';
  const users = `[{ user: api, password: p }, { user: old, password: p, ${denied} }]`;
  await using nats = await startNats({ extraConfig: `authorization { users: ${users} }` });
  await using full = await openEventLog({ url: nats.url, user: 'api', password: 'p' });
  await using old = await openEventLog({ url: nats.url, user: 'old', password: 'p', deadlineMs: 1_000, logger: own });
  const other = await old.announcements.openRegistry();
  await full.announcements.announceType(announced('w', { type, defaults: { maxAttempts: 4 } }));
  await expectDefinition('w', { maxAttempts: 4 }, other);
  await eventually(() => expect(lines).toMatchObject([{ reason: expect.stringContaining('$definition') as string }]));
});

test('a process without a registry reads what is kept, anew after a second', async () => {
  const { announcements } = stage.log;
  expect(await announcements.definitionOf(type)).toBeUndefined();
  await announce('first', 8, { maxAttempts: 4 });
  await eventually(async () => expect(await announcements.definitionOf(type)).toMatchObject({ worker: 'first' }));
  await announce('second', 9, { maxAttempts: 3 });
  const second = { worker: 'second', startedAt: at(9), defaults: { maxAttempts: 3 } };
  await eventually(async () => expect(await announcements.definitionOf(type)).toEqual(second));
});

test('what cannot be read does not keep a job waiting, and is said once', async () => {
  const lines: object[] = [];
  const own = { info: () => undefined, warn: (details: object) => void lines.push(details) };
  const denied = 'permissions: { publish: { deny: ["$JS.API.DIRECT.GET.TYPES"] } }';
  const users = `[{ user: api, password: p }, { user: old, password: p, ${denied} }]`;
  await using nats = await startNats({ extraConfig: `authorization { users: ${users} }` });
  await using full = await openEventLog({ url: nats.url, user: 'api', password: 'p' });
  await using old = await openEventLog({ url: nats.url, user: 'old', password: 'p', logger: own });
  await full.announcements.openRegistry();
  await full.announcements.announceType(announced('w', { type, defaults: { maxAttempts: 4 } }));
  await eventually(async () => expect(await full.announcements.definitionOf(type)).toBeDefined());
  for (const one of [type, type, 'other']) expect(await old.announcements.definitionOf(one)).toBeUndefined();
  expect(lines).toHaveLength(1);
});
