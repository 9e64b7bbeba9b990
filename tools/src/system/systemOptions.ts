import type { Guard } from '@jobstream/servers';
import type { WriteLine } from './prefixedLog.ts';

export interface SystemOptions {
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** Free ports instead of the usual ones. */
  anyPort?: boolean;
  /** Where the apps' programs lie: `<appsFolder>/<name>/src/main.ts`. */
  appsFolder: string;
  guard: Guard;
  writeLine: WriteLine;
}
