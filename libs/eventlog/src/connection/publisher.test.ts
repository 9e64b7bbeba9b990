import { expect, onTestFinished, test } from 'vitest';
import { useEventLog } from '../../testing/openEventLog.ts';
import { Connection } from './connection.ts';
import { plainHeaders } from './headers.ts';
import { Publisher, type PublishOutcome } from './publisher.ts';

const on = useEventLog();

test('what is not acknowledged in time has no known outcome, also after a while without anything to wait for', async () => {
  const connection = await Connection.open({ url: on.nats.url, name: 'test' });
  const publisher = new Publisher(connection, 300);
  onTestFinished(async () => {
    publisher.stop();
    await connection.close();
  });
  const publish = (subject: string) =>
    new Promise<PublishOutcome>((resolve) =>
      publisher.publish(subject, Buffer.from('{}'), plainHeaders(undefined), resolve),
    );
  connection.nats.subscribe('silent');
  for (let times = 0; times < 2; times++) {
    expect(await publish('silent')).toEqual({ kind: 'unknown', reason: 'no acknowledgement in time' });
    expect(await publish('timers.due.test')).toMatchObject({ kind: 'stored' });
  }
});
