import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

/** The arguments of a task are invalid; the message ends with the usage. */
export class UsageError extends Error {
  readonly code = 'USAGE';

  constructor(detail: string, usage: string) {
    super(`${detail}; usage: ${usage}`);
    this.name = 'UsageError';
  }
}

/**
 * Parses the command line of a task, e.g. `parseTaskArguments(args, { force: { type: 'boolean' } }, 'npm run …')`.
 *
 * @throws UsageError for an option that is not in `options`.
 */
export function parseTaskArguments<const Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
  usage: string,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/\.? ?To specify.*$/s, '') : String(error);
    throw new UsageError(detail, usage);
  }
}
