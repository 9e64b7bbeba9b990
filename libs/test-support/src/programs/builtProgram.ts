import { existsSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder with the bundles of the apps, made for this run. */
    builtPrograms: string;
  }
}

/**
 * Returns the bundle that this test run has made of a program, or the program itself if it is not bundled.
 *
 * Use it wherever a test starts a program; one start of the tests of `npm start` runs the sources, and so does what is no test.
 *
 * @param script the absolute path of the source.
 */
export function builtProgram(script: string): string {
  if (process.env['VITEST_POOL_ID'] === undefined) return script;
  const source = path.relative(repositoryRoot, script);
  const bundle = path.join(inject('builtPrograms'), source.replace(/\.ts$/, '.mjs'));
  return existsSync(bundle) ? bundle : script;
}
