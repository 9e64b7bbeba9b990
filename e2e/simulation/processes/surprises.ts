import { inspect } from 'node:util';
import { ConcurrentAppendError, LogUnavailableError, UniqueKeyHeldError } from '@jobstream/eventlog';
import { AttemptSuspendedError, type Logger } from '@jobstream/worker';
import { PLANNED_FAILURE } from '../../chaos/judge/checkSteps.ts';
import type { World } from '../world/world.ts';

/** What a process has to expect of its log, and of other writers. */
const EXPECTED = [ConcurrentAppendError, LogUnavailableError, UniqueKeyHeldError];

/** Notes an error of a process that none of the faults of a simulation explains: its code is wrong, or the simulation. */
export function noteSurprise(world: World, error: unknown): void {
  if (error === undefined || EXPECTED.some((kind) => error instanceof kind) || isPlanned(error)) return;
  world.surprises.push(error instanceof Error ? (error.stack ?? error.message) : inspect(error));
}

/** A handler has failed as it was to, and may have swallowed the interruption of a sleep. */
function isPlanned(error: unknown): boolean {
  if (error instanceof AttemptSuspendedError) return true;
  return error instanceof Error && error.message === PLANNED_FAILURE;
}

/** A logger that writes nothing, and notes the errors that nobody expects. */
export function watchfulLogger(world: World): Logger {
  const look = (first: unknown) => {
    if (typeof first === 'object' && first !== null && 'err' in first) noteSurprise(world, first.err);
  };
  const logger: Logger = { debug: look, info: look, warn: look, error: look, child: () => logger };
  return logger;
}
