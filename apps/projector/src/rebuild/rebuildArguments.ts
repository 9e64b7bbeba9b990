import { parseArgs } from 'node:util';

export type RebuildAction = 'rebuild' | 'rollback' | 'cancel' | 'drop-old';

export interface RebuildArguments {
  readonly action: RebuildAction;
  readonly force: boolean;
  readonly except: readonly string[];
}

/** What was typed makes no sense; the message says what would. */
export class UsageError extends Error {
  readonly code = 'USAGE';

  constructor(detail: string) {
    super(`${detail}; usage: npm run rebuild -- [--force] [--except column,…] | --rollback | --cancel | --drop-old`);
    this.name = 'UsageError';
  }
}

/** Reads the arguments of `npm run rebuild`: UsageError. */
export function rebuildArguments(args: readonly string[]): RebuildArguments {
  const { force, except, ...actions } = parsed(args);
  const asked = (['rollback', 'cancel', 'drop-old'] as const).filter((name) => actions[name] === true);
  const [action = 'rebuild', another] = asked;
  if (another !== undefined) throw new UsageError(`--${action} and --${another} exclude each other`);
  if (action !== 'rebuild' && (force === true || except !== undefined)) {
    throw new UsageError(`--force and --except do not go with --${action}`);
  }
  return { action, force: force === true, except: except?.split(',').filter(Boolean) ?? [] };
}

function parsed(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  const options = { rollback: flag, cancel: flag, 'drop-old': flag, force: flag, except: { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\.? ?To specify.*$/s, '') : String(error));
  }
}
