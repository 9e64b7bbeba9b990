import { afterAll, beforeAll } from 'vitest';
import { openConnections, socketsNow } from './openConnections.ts';

let known: ReturnType<typeof socketsNow>;

beforeAll(() => {
  known = socketsNow();
});

// The hooks of a file run before this one: what it closes is closed.
afterAll(() => {
  const open = openConnections(known);
  if (open.length > 0) throw new Error(open.join(' | '));
});
