import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase as create } from '@jobstream/servers';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Postgres that all test files of a run share. */
    sharedPostgresUrl: string;
  }
}

/** Creates an empty database on the shared Postgres of the test run, and returns its URL. */
export async function createDatabase(): Promise<string> {
  const shared = new URL(inject('sharedPostgresUrl'));
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await create(shared.href, name);
  shared.pathname = `/${name}`;
  return shared.href;
}
