import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase as create } from '@jobstream/servers';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Postgres that all test files of a run share. */
    sharedPostgresUrl: string;
  }
}

/** Makes a fresh, empty database on the Postgres that the test run shares, and returns its address. */
export async function createDatabase(): Promise<string> {
  const shared = new URL(inject('sharedPostgresUrl'));
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await create(shared.href, name);
  shared.pathname = `/${name}`;
  return shared.href;
}
