import { AuthorizationError } from '@nats-io/nats-core';
import { eventually, resolveNatsServer, startNats, type TestNats } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LogUnavailableError } from '../errors.ts';
import { Connection } from './connection.ts';
import { plainHeaders } from './headers.ts';
import { Publisher, publishUntilStored } from './publisher.ts';

/** The server reads it at each start. */
const env = { TEST_PASSWORD: '' };
const user = { name: 'test', user: 'api', password: 'right' };

let nats: TestNats;

beforeEach(async () => {
  env.TEST_PASSWORD = user.password;
  const extraConfig = 'authorization { user: api, password: $TEST_PASSWORD }';
  nats = await startNats({ binary: await resolveNatsServer(), syncAlways: true, env, extraConfig });
});

afterEach(() => nats[Symbol.asyncDispose]());

test('opening with a wrong password fails with a LogUnavailableError that says which settings to correct', async () => {
  const failure = await Connection.open({ ...user, url: nats.url, password: 'wrong' }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LogUnavailableError);
  expect((failure as Error).message).toBe(
    `NATS at ${nats.url} refuses the credentials. Correct NATS_USER and NATS_PASSWORD, NATS_CREDS, or the user in NATS_URL.`,
  );
});

test('the user and the password may be part of the URL', async () => {
  env.TEST_PASSWORD = 'p@ss:word';
  await nats.restart();
  const url = new URL(nats.url);
  Object.assign(url, { username: user.user, password: 'p%40ss%3Aword' });
  const connection = await Connection.open({ name: 'test', url: url.href });
  expect(connection.isConnected()).toBe(true);
  await connection.close();
});

test('a connection is restored after any number of refused attempts', async () => {
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

test('an acknowledgement of the moment before the connection closes is sent', async () => {
  const [closing, other] = await Promise.all([1, 2].map(() => Connection.open({ ...user, url: nats.url })));
  const subject = other?.newInbox() ?? '';
  const received: string[] = [];
  other?.nats.subscribe(subject, { callback: (_error, message) => void received.push(message.string()) });
  await other?.nats.flush();
  closing?.acks.send(subject, Buffer.from('+ACK'));
  await closing?.close();
  await other?.nats.flush(); // answered after what the server had before
  expect(received).toEqual(['+ACK']);
  await other?.close();
});

test('publishing on a closed connection throws LogUnavailableError', async () => {
  const connection = await Connection.open({ ...user, url: nats.url });
  const publisher = new Publisher(connection, 1_000);
  await connection.close();
  const onOutcome = vi.fn<() => void>();
  expect(() => publisher.publish('a', Buffer.from(''), plainHeaders(), onOutcome)).toThrow(LogUnavailableError);
  expect(() => publisher.publishWithoutAck('a', Buffer.from(''), plainHeaders())).toThrow(LogUnavailableError);
  const message = { subject: 'a', body: '', headers: plainHeaders() };
  await expect(publishUntilStored(publisher, message, 1_000)).rejects.toThrow(LogUnavailableError);
  publisher.stop();
  expect(onOutcome).not.toHaveBeenCalled();
});
