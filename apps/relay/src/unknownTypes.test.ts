import { type Logger, createLogger } from '@jobstream/runtime';
import { eventually } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';
import { CauseLog } from './causeLog.ts';
import { UnknownTypes } from './unknownTypes.ts';

let stage: RelayStage;
const warnings: [details: object, message: string][] = [];
const logger = Object.assign(createLogger({ service: 'test', level: 'silent' }), {
  warn: (details: object, message: string) => void warnings.push([details, message]),
}) as Logger;

beforeEach(async () => {
  stage = await RelayStage.open();
  warnings.length = 0;
});
afterEach(() => stage[Symbol.asyncDispose]());

const announce = (type: string) =>
  stage.log.announcements.announceType({
    type,
    worker: 'w-1',
    host: 'build-7',
    startedAt: new Date().toISOString(),
    limits: { concurrency: 1 },
  });

test('a job by SQL whose type no worker has announced is warned of, with the names of types that are like it', async () => {
  await announce('email');
  await announce('thumbnail');
  await stage.log.announcements.setPayloadCheck('emial', 'warn'); // an operator's setting is no announcement
  await stage.enqueue('email');
  await stage.enqueue('emial');
  await stage.enqueue('emial');
  await using _ = await stage.startRelay({ logger });
  await stage.untilDrained();
  await eventually(() => expect(warnings).toHaveLength(1));
  const [details, message] = warnings[0] ?? [];
  expect(message).toBe('no worker has announced the type emial; did you mean email?');
  expect(details).toMatchObject({ jobType: 'emial', outbox: expect.stringMatching(/\//) as string });
  await stage.enqueue('nobody-takes-it');
  await eventually(() => expect(warnings).toHaveLength(2));
  expect(warnings[1]?.[1]).toBe('no worker has announced the type nobody-takes-it');
});

test('a type that a worker announces later is known then', async () => {
  await announce('webhook');
  await stage.enqueue('email');
  await using _ = await stage.startRelay({ logger });
  await eventually(() => expect(warnings).toHaveLength(1));
  await announce('thumbnail');
  await stage.enqueue('thumbnail');
  await stage.enqueue('nobody-takes-it');
  await eventually(() => expect(warnings).toHaveLength(2));
  expect(warnings[1]?.[1]).toBe('no worker has announced the type nobody-takes-it');
});

test('a type is looked at again when a thousand others have come since', async () => {
  let asked = 0;
  const announcedTypes = async () => {
    asked += 1;
    return [];
  };
  const causes = new CauseLog(logger);
  const types = new UnknownTypes({ log: { announcements: { announcedTypes } }, causes, outbox: 'shop' });
  const relay = async (...names: readonly string[]) => {
    types.relayed(names);
    await types.stop();
    return asked;
  };
  expect(await relay('first')).toBe(1);
  expect(await relay(...Array.from({ length: 999 }, (_, n) => `type-${n}`))).toBe(2);
  expect(await relay('first')).toBe(2);
  expect(await relay('one-more')).toBe(3);
  expect(await relay('first')).toBe(4);
});
