import { AuthorizationError } from '@nats-io/nats-core';
import { eventually, resolveNatsServer, startNats, type TestNats } from '@jobstream/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Connection } from './connection.ts';
import { LogUnavailableError } from '../errors.ts';

/** Read by the server whenever it starts. */
const env = { TEST_PASSWORD: '' };
const user = { name: 'test', user: 'api', password: 'right' };

let nats: TestNats;

beforeEach(async () => {
  env.TEST_PASSWORD = user.password;
  const extraConfig = 'authorization { user: api, password: $TEST_PASSWORD }';
  nats = await startNats({ binary: await resolveNatsServer(), syncAlways: true, env, extraConfig });
});

afterEach(() => nats[Symbol.asyncDispose]());

test('a wrong password is one clear error at the start', async () => {
  const opening = Connection.open({ ...user, url: nats.url, password: 'wrong' });
  await expect(opening).rejects.toThrow(new LogUnavailableError(`cannot connect to ${nats.url}`));
});

test('a connection comes back however often it was refused meanwhile', async () => {
  const connection = await Connection.open({ ...user, url: nats.url });
  let refused = 0;
  const watch = async () => {
    for await (const status of connection.nats.status()) {
      if (status.type === 'error' && status.error instanceof AuthorizationError) refused++;
    }
  };
  const watching = watch();
  env.TEST_PASSWORD = 'another';
  await nats.restart();
  await eventually(() => expect(refused).toBeGreaterThan(3));
  env.TEST_PASSWORD = user.password;
  await nats.restart();
  await eventually(() => expect(connection.isConnected()).toBe(true));
  await connection.close();
  await watching;
});
