import type { ConsumerConfig } from '@nats-io/jetstream';
import { type QueueLane, queueLanes } from './queueLane.ts';

const LANES_KEY = 'jobstream-lanes';

/** The metadata by which the consumer of the new jobs of a type says which lanes the type has. */
export function laneNote(lanes: readonly QueueLane[]): Record<string, string> {
  return lanes.length === 0 ? {} : { [LANES_KEY]: lanes.join(',') };
}

/** Returns the lanes that a consumer notes. */
export function notedLanes({ metadata }: Pick<ConsumerConfig, 'metadata'>): readonly QueueLane[] {
  const noted = metadata?.[LANES_KEY]?.split(',') ?? [];
  return queueLanes.filter((lane) => noted.includes(lane));
}
