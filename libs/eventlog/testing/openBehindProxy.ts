import { startNats, startTcpProxy } from '@jobstream/test-support';
import { openEventLog } from './openEventLog.ts';

/** Starts a server, and opens a log whose connection the test can cut (`log`) and one that stays connected (`direct`). */
export async function openBehindProxy() {
  await using opening = new AsyncDisposableStack();
  const nats = opening.use(await startNats());
  const proxy = opening.use(await startTcpProxy(nats.port));
  const log = opening.use(await openEventLog({ url: `nats://127.0.0.1:${proxy.port}`, deadlineMs: 20_000 }));
  const direct = opening.use(await openEventLog({ url: nats.url }));
  const opened = opening.move();
  const reconnect = async () => {
    await proxy.cut();
    await proxy.heal();
  };
  return { nats, proxy, log, direct, reconnect, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
