import { appendFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { createWorker, type Duration, type HandlerRegistrar } from '@jobstream/worker';

interface OrderProgram {
  readonly registerOrder: (
    worker: HandlerRegistrar,
    book: (line: string, key: string) => void,
    coolingOff: Duration,
  ) => void;
}

// A worker of the orders of docs/tutorial.md, which cool off for a moment: the process of a test.
const [, , program = '', book = ''] = process.argv;
const { registerOrder } = (await import(pathToFileURL(program).href)) as OrderProgram;
const worker = createWorker();
registerOrder(worker, (line, key) => appendFileSync(book, `${JSON.stringify({ line, key })}\n`), '300ms');
await worker.run();
