import type { JetStreamManager } from '@nats-io/jetstream';

/** The change of each job type that was asked for last, by connection. */
const changes = new WeakMap<JetStreamManager, Map<string, Promise<unknown>>>();

/**
 * Makes a change of the consumers of a job type behind all that this process is making of them: a consumer is changed by replacing
 * all of its settings, so of two changes at a time the one that has read them first would undo the other.
 *
 * @param change must not change the type in turn, or both would wait for ever.
 */
export async function changeInTurn<Result>(
  manager: JetStreamManager,
  jobType: string,
  change: () => Promise<Result>,
): Promise<Result> {
  const ofTypes = changes.get(manager) ?? new Map<string, Promise<unknown>>();
  changes.set(manager, ofTypes);
  const changing = Promise.resolve(ofTypes.get(jobType)).then(change, change);
  ofTypes.set(jobType, changing);
  try {
    return await changing;
  } finally {
    if (ofTypes.get(jobType) === changing) ofTypes.delete(jobType);
  }
}
