import { Appender, type AppenderOptions } from '../src/append/appender.ts';
import { AppendLimiter } from '../src/append/appendLimiter.ts';
import { Connection } from '../src/connection/connection.ts';
import { Publisher, type BatchPublisher } from '../src/connection/publisher.ts';
import { delayFirst } from './delayFirst.ts';

/** An appender on a connection of its own, whose first try comes late unless `through` says otherwise. */
export async function openAppender(
  url: string,
  through: (publisher: Publisher) => BatchPublisher = delayFirst,
  options: Pick<AppenderOptions, 'observer'> = {},
) {
  const connection = await Connection.open({ url, name: 'test' });
  const publisher = new Publisher(connection, 30_000);
  const limiter = new AppendLimiter({ maxPending: 1_000, maxPendingBytes: 1_000_000 });
  const appender = new Appender(connection, through(publisher), {
    groupCommit: true,
    deadlineMs: 30_000,
    limiter,
    ...options,
  });
  const dispose = async () => {
    await appender.stop();
    publisher.stop();
    await connection.close();
  };
  return Object.assign(appender, { [Symbol.asyncDispose]: dispose });
}
