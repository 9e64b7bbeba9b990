import { parseArgs } from 'node:util';

/** What `npm run archive` is asked for. */
export interface ArchiveArguments {
  /** Reads all files of the archive and compares them with their checksums. */
  readonly check: boolean;
  /** Begins an archive although the log has forgotten its first messages. */
  readonly beginLate: boolean;
}

const USAGE = 'usage: npm run archive -- [--check | --begin-late]';

export function archiveArguments(args: readonly string[]): ArchiveArguments {
  const { check, 'begin-late': beginLate } = parsed(args);
  if (check === true && beginLate === true) throw new Error(`--check and --begin-late exclude each other; ${USAGE}`);
  return { check: check === true, beginLate: beginLate === true };
}

function parsed(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({ args: [...args], options: { check: flag, 'begin-late': flag }, strict: true }).values;
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/\.? ?To specify.*$/s, '') : String(error);
    throw new Error(`${detail}; ${USAGE}`, { cause: error });
  }
}
