import { createWorker } from '@jobstream/worker';
import { issueInvoice } from './invoice.ts';
import { invoice, thumbnail } from './jobs.ts';
import { makeThumbnail } from './thumbnail.ts';

// Where NATS is, and how many jobs run at once, is read from the environment: NATS_URL, WORKER_CONCURRENCY.
const worker = createWorker();
worker.handle(thumbnail, makeThumbnail);
worker.handle(invoice, issueInvoice);
await worker.run();
