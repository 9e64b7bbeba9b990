import { createWorker } from '@jobstream/worker';
import { thumbnail } from './thumbnail.ts';

const worker = createWorker().handle(thumbnail, ({ url, width }) => ({ bytes: url.length * width }));
await worker.run();
