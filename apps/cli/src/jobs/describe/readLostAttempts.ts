import { JobstreamError, lostAttempts, type Job, type JobEvent, type LostAttempt } from '@jobstream/client';
import type { Api } from '../../command/apiCommand.ts';
import type { Printer } from '../../output/printer.ts';
import { plainText } from '../../output/table.ts';

/** Of more, the newest are worth a line. */
const MOST_SHOWN = 3;

/**
 * Returns the attempts of a job that were lost with their workers. It asks for what that takes only if one can have been lost;
 * what cannot be read is left out, such as the workers by a caller of a single tenant.
 */
export async function readLostAttempts(
  { client, signal }: Api,
  { id, attempt, error }: Job,
  history?: readonly JobEvent[],
): Promise<readonly LostAttempt[]> {
  if (history === undefined && attempt < 2 && error?.name !== 'WorkerLost') return [];
  const events = history ?? (await client.jobs.history(id, { signal }).catch(nothing));
  if (lostAttempts(events).length === 0) return [];
  return lostAttempts(events, await client.workers.list({ signal }).catch(nothing));
}

function nothing(error: unknown): readonly never[] {
  if (error instanceof JobstreamError) return [];
  throw error;
}

/** Shows lost attempts, a line each, at most the newest three. */
export function describeLostAttempts(lost: readonly LostAttempt[], { tone }: Pick<Printer, 'tone'>): readonly string[] {
  return lost.slice(-MOST_SHOWN).map(({ attempt, because }) => {
    return tone('bad', `attempt ${attempt} was lost: ${plainText(because)}`);
  });
}
