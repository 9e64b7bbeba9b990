import type { SupervisedProcess } from '@jobstream/servers';
import { seededRandom } from '../seededRandom.ts';
import type { OutboxStage } from './outboxStage.ts';

/** Breaks something, and returns how to mend it. */
type Inject = (stage: OutboxStage, relay: SupervisedProcess) => Promise<() => Promise<void>>;

export interface OutboxFault {
  readonly name: string;
  readonly holdMs: number;
  /** The share of the transactions meanwhile that are made before it, from 0 to 1. */
  readonly after: number;
  inject(stage: OutboxStage): Promise<() => Promise<void>>;
}

const kinds: Readonly<Record<string, Inject>> = {
  'kill relay': async (_stage, relay) => {
    await relay.kill();
    return () => relay.start();
  },
  'restart relay': async (_stage, relay) => {
    await relay.stop();
    return () => relay.start();
  },
  'freeze relay': async (_stage, relay) => {
    await relay.signal('SIGSTOP');
    return () => relay.signal('SIGCONT');
  },
  'kill all relays': async ({ relays }) => {
    await Promise.all(relays.map((relay) => relay.kill()));
    return async () => void (await Promise.all(relays.map((relay) => relay.start())));
  },
  'kill postgres': async ({ postgres }) => {
    await postgres.kill();
    return () => postgres.restart();
  },
  'kill nats-server': async ({ nats }) => {
    await nats.kill();
    return () => nats.restart();
  },
  'freeze nats-server': async ({ nats }) => {
    await nats.pause();
    return () => nats.resume();
  },
};

/** What happens while a backlog is drained. */
const AT_DRAINING = ['kill relay', 'kill nats-server', 'kill postgres', 'kill all relays'];

/** As many faults as asked for: every kind once, in an order by chance, and all over again. */
export function planOutboxFaults(count: number, seed: string): readonly OutboxFault[] {
  const random = seededRandom(seed, 'outbox faults');
  const names: string[] = [];
  while (names.length < count) names.push(...random.shuffled(Object.keys(kinds)));
  return names.slice(0, count).map((name) => planned(name, random));
}

/** The faults that come while a backlog is drained. */
export function planDrainingFaults(seed: string): readonly OutboxFault[] {
  const random = seededRandom(seed, 'draining faults');
  return random.shuffled(AT_DRAINING).map((name) => planned(name, random));
}

function planned(name: string, random: ReturnType<typeof seededRandom>): OutboxFault {
  const [holdMs, after, victim] = [random.int(0, 3_000), random.next(), random.int(0, 2)];
  return {
    name,
    holdMs,
    after,
    inject: (stage) => {
      const [inject, relay] = [kinds[name], stage.relays[victim]];
      if (inject === undefined || relay === undefined) throw new Error(`there is no ${name}`);
      return inject(stage, relay);
    },
  };
}
