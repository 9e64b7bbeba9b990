import { createWorker } from '@jobstream/worker';
import { registerHandlers } from './handlers.ts';

// Where NATS is, and how many jobs run at once, is read from the environment: NATS_URL, WORKER_CONCURRENCY.
const worker = createWorker();
registerHandlers(worker);
await worker.run();
