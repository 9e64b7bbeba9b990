import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll } from 'vitest';

const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);
/** Tests with schedules replace it. */
const { setImmediate: later } = globalThis;

beforeAll(() => void process.on('unhandledRejection', note));

// Vitest only says that one has happened while a file ran; the test that has left it is what should fail.
afterEach(async () => {
  await new Promise((resolve) => later(resolve)); // Node reports rejections when all microtasks have run
  const [first] = unhandled.splice(0);
  if (first !== undefined) throw new Error(`nothing handles the rejection of a promise: ${inspect(first)}`);
});

afterAll(() => void process.off('unhandledRejection', note));
