import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createWorker, type Duration, type HandlerRegistrar } from '@jobstream/worker';

interface OrderProgram {
  readonly registerOrder: (
    worker: HandlerRegistrar,
    book: (line: string, key: string) => Promise<void>,
    coolingOff: Duration,
  ) => void;
}

/** Before a line is written and after it, so that a worker dies at either time. */
const WORK_MS = 80;

// A worker of the orders of docs/tutorial.md, which cool off for a moment: the process of a test.
const [, , program = '', book = ''] = process.argv;
const { registerOrder } = (await import(pathToFileURL(program).href)) as OrderProgram;
const worker = createWorker();
const write = async (line: string, key: string) => {
  await pause(WORK_MS);
  appendFileSync(book, `${JSON.stringify({ line, key })}\n`);
  await pause(WORK_MS);
};
registerOrder(worker, write, '300ms');
await worker.run();
