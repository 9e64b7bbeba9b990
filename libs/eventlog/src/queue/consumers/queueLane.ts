import { type Lane, lanes } from '@jobstream/domain';

/**
 * A way from the log to the workers of a job type that has consumers of its own, once it is used: that of jobs of a priority, or that of
 * signals.
 */
export type QueueLane = Lane | 'signalled';

export const queueLanes: readonly QueueLane[] = [...lanes, 'signalled'];

/** The priority of the jobs of a lane; undefined for normal, and where it is none of the message. */
export function priorityOfLane(lane: QueueLane | undefined): Lane | undefined {
  return lane === 'signalled' ? undefined : lane;
}
