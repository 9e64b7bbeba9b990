import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually, type NatsLogin } from '@jobstream/test-support';

/** What reads a stream and writes what it makes of it elsewhere: a table, an archive. */
export interface Follower {
  readonly name: string;
  /** The sequence up to which it has written. */
  position(): Promise<number>;
  /** How many messages it leaves for later; default none. */
  readonly leaves?: number;
}

const LOOK_EVERY_MS = 100;
const GIVE_UP_MS = 600_000;

/** Resolves when all of them have written what the stream holds now. */
export async function untilFollowed(
  log: { readonly login: NatsLogin; readonly stream: string },
  followers: readonly Follower[],
): Promise<void> {
  const end = await endOf(log.login, log.stream);
  for (const follower of followers) {
    const isThere = async () => {
      const reached = await follower.position();
      if (end - reached > (follower.leaves ?? 0)) throw new Error(`the ${follower.name} is at ${reached} of ${end}`);
    };
    await eventually(isThere, { timeoutMs: GIVE_UP_MS, intervalMs: LOOK_EVERY_MS });
  }
}

async function endOf(login: NatsLogin, stream: string): Promise<number> {
  const nats = await connect(login);
  const manager = await jetstreamManager(nats, { checkAPI: false });
  const { state } = await manager.streams.info(stream);
  await nats.close();
  return state.last_seq;
}
