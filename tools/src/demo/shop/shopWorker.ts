// A process of its own: a worker of the shop, for orders or for imports. It sends `ready`, and ends with its parent.
import { createWorker } from '@jobstream/worker';
import { handleImports, handleOrders } from './shopHandlers.ts';

const worker = createWorker();
if (process.env['SHOP_ROLE'] === 'imports') handleImports(worker);
else handleOrders(worker);
await worker.start();
for (const end of ['SIGTERM', 'disconnect'] as const) process.once(end, () => void stop());
process.send?.('ready');

async function stop(): Promise<void> {
  await worker.stop();
  process.exit();
}
