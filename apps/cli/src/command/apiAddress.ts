import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from './failure.ts';
import type { Surroundings } from './surroundings.ts';
import { address } from './values.ts';

const DEFAULT_URL = 'http://127.0.0.1:3000';

/** What a running system of `jobstream dev` or `npm start` has written down about itself. */
interface RecordedAddresses {
  readonly owner: { readonly pid: number };
  readonly api: string;
}

/**
 * Returns the address of the API: that of `--url` or `JOBSTREAM_URL`, else of the system that runs in the folder or one
 * above it, else the default one.
 *
 * @throws UsageError when `JOBSTREAM_URL` is no address.
 */
export function apiAddress(given: string | undefined, { env, folder }: Pick<Surroundings, 'env' | 'folder'>): string {
  return given ?? addressInEnvironment(env) ?? runningApi(folder, env['DATA_DIR']) ?? DEFAULT_URL;
}

function addressInEnvironment({ JOBSTREAM_URL: text }: Surroundings['env']): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return address(text);
  } catch (cause) {
    throw new UsageError(`JOBSTREAM_URL must be an address such as https://jobs.example.com, got: ${text}`, { cause });
  }
}

function runningApi(folder: string, dataDir: string | undefined): string | undefined {
  const file = path.join(path.resolve(folder, dataDir || '.data'), 'addresses.json');
  const found = addressIn(file);
  if (found !== undefined || dataDir) return found;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : runningApi(parent, undefined);
}

function addressIn(file: string): string | undefined {
  try {
    const { owner, api } = JSON.parse(readFileSync(file, 'utf8')) as RecordedAddresses;
    return isRunning(owner.pid) ? api : undefined;
  } catch {
    return undefined; // there is none, or another user's
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
