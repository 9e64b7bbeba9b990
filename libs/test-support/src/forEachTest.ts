import { afterEach, beforeEach } from 'vitest';

/**
 * Opens a resource before each test of the file and disposes it afterwards, e.g. `const log = forEachTest(openLog)`.
 * The returned object forwards to the resource of the current test.
 */
export function forEachTest<Resource extends AsyncDisposable>(open: () => Promise<Resource>): Resource {
  const current = {} as Resource;
  beforeEach(async () => void Object.assign(current, await open()));
  afterEach(() => current[Symbol.asyncDispose]());
  return current;
}
