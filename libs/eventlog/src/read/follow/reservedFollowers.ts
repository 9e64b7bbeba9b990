import {
  AckPolicy,
  DeliverPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  type JetStreamManager,
} from '@nats-io/jetstream';
import type { Connection } from '../../connection/connection.ts';
import { isConsumerNotFound, isForbidden } from '../../connection/serverErrors.ts';
import { JOBS_STREAM } from '../../streams/streams.ts';

/** Enough for a projector, a rebuild, a verification, and one that was killed a moment ago. */
const NAMES = ['projector-1', 'projector-2', 'projector-3', 'projector-4'] as const;
/** A reader that is busy with what it has received requests nothing, but was delivered something not long ago. */
const IDLE_AFTER_MS = 30_000;

/** A consumer of JOBS that a follower took for itself. */
export interface TakenFollower {
  readonly name: string;
  /** The sequence of the first message that it delivers. */
  readonly first: number;
}

/**
 * Returns the settings of the consumers by which JOBS is followed with a NATS user that may not create any. A cluster
 * keeps their positions in memory; one server would forget such consumers when it restarts.
 */
export function reservedFollowers(replicas: number): (Partial<ConsumerConfig> & { readonly durable_name: string })[] {
  return NAMES.map((name) => ({
    durable_name: name,
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.All,
    ...(replicas > 1 ? { mem_storage: true } : {}),
  }));
}

/**
 * Takes a consumer that no other process uses and lets it deliver from the message after sequence `after` on. Two
 * processes may take the same one at the same moment: a follower checks that no sequence is missing.
 *
 * @returns undefined if the server has none.
 * @throws Error when all are in use, or the server does not answer.
 */
export async function takeReservedFollower(
  { connection, manager }: { readonly connection: Connection; readonly manager: JetStreamManager },
  after: number,
): Promise<TakenFollower | undefined> {
  const [infos, stream] = await Promise.all([findAll(manager), manager.streams.info(JOBS_STREAM)]);
  if (infos.length === 0) return undefined;
  const first = Math.max(after + 1, stream.state.first_seq);
  const name = chooseFree(infos);
  await reset(connection, name, first);
  return { name, first };
}

async function findAll(manager: JetStreamManager): Promise<ConsumerInfo[]> {
  const find = async (name: string) => {
    try {
      return await manager.consumers.info(JOBS_STREAM, name);
    } catch (error) {
      // The permissions of an earlier release let a follower create its consumer, and not look for these.
      if (isConsumerNotFound(error) || isForbidden(error)) return undefined;
      throw error;
    }
  };
  return (await Promise.all(NAMES.map(find))).filter((info) => info !== undefined);
}

/** Any of those that were not used lately, so that two processes rarely choose the same; else the one unused for longest. */
function chooseFree(infos: readonly ConsumerInfo[]): string {
  const free = infos.filter(({ num_waiting: requests }) => requests === 0);
  const idle = free.filter((info) => usedAt(info) < Date.parse(info.ts ?? '') - IDLE_AFTER_MS);
  const chosen =
    idle[Math.floor(Math.random() * idle.length)] ?? free.toSorted((left, right) => usedAt(left) - usedAt(right))[0];
  if (chosen === undefined) throw new Error(`all of ${NAMES.join(', ')} are in use`);
  return chosen.name;
}

function usedAt({ delivered }: ConsumerInfo): number {
  return new Date(delivered.last_active ?? 0).getTime(); // RFC 3339, whatever the library calls it
}

/** The client library has no call for it. */
async function reset({ nats }: Connection, name: string, sequence: number): Promise<void> {
  const answer = await nats.request(`$JS.API.CONSUMER.RESET.${JOBS_STREAM}.${name}`, JSON.stringify({ seq: sequence }));
  const { error } = answer.json<{ readonly error?: { readonly description: string } }>();
  if (error !== undefined) throw new Error(`${name} cannot be set to ${sequence}: ${error.description}`);
}
