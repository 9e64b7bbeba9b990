import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';

/** The option of every command that works on a system of this machine. */
export const dataDirOption = {
  'data-dir': { type: 'string', value: 'folder', help: 'The data folder of the system; default DATA_DIR, or .data.' },
} as const;

/** What the environment has to say about the system that a command works on. */
export const systemEnvironment = {
  DATABASE_URL: 'The database; default that of the system on the data folder.',
  NATS_URL: 'The NATS server; default that of the system on the data folder.',
  DATA_DIR: 'The data folder; default .data.',
} as const;

/**
 * Returns the data folder that the command line names, from the folder in which the command was typed, else that of the
 * environment, else `.data` of the clone.
 */
export function dataDirOf(values: { readonly 'data-dir'?: string | undefined }): string {
  const { INIT_CWD: typedIn = repositoryRoot, DATA_DIR } = process.env;
  const named = values['data-dir'];
  return named ? path.resolve(typedIn, named) : path.resolve(repositoryRoot, DATA_DIR || '.data');
}
