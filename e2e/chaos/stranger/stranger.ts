import { setTimeout as pause } from 'node:timers/promises';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { logBounds, readMessage } from '../../harness/rawLog.ts';
import type { RawMessage } from '../../harness/rawLog.ts';
import { seededRandom } from '../seededRandom.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { junkKinds, type Junk } from './junkKinds.ts';
import { isMarked, MARK } from './mark.ts';

export interface StrangerOptions {
  readonly nats: NatsConnection;
  readonly seed: string;
  /** Messages a second; 0 for none. */
  readonly rate: number;
}

/** How far back the stranger looks for jobs, most of which are still under way then. */
const RECENT = 150;
const TIMEOUT_MS = 5_000;

/**
 * Writes on the subjects of jobs and timers all the time, as a program that has the right to publish and does not keep to the
 * protocol. What it copies is in the log already, since a copy of what was refused would be an event of its own.
 */
export class Stranger {
  readonly #options: StrangerOptions;
  readonly #random: SeededRandom;
  readonly #stop = new AbortController();
  #kinds: readonly string[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: StrangerOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed, 'stranger');
  }

  start(): void {
    if (this.#options.rate > 0) this.#writing = this.#write();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { signal } = this.#stop;
    const { rate } = this.#options;
    while (!signal.aborted) {
      // What the faults make impossible, or the stream refuses, is left out.
      await this.#writeOne().catch(() => undefined);
      await pause(1_000 / rate, undefined, { signal }).catch(() => undefined);
    }
  }

  async #writeOne(): Promise<void> {
    const [victim, other] = [await this.#recentMessage(), await this.#recentMessage()];
    if (victim === undefined || other === undefined || jobOf(victim) === jobOf(other)) return;
    const kind = this.#nextKind();
    const junk = junkKinds[kind]?.({ victim, other, random: this.#random });
    if (junk === undefined) return;
    const headers = headersOf(kind, junk);
    await this.#options.nats.request(junk.subject, junk.body, { headers, timeout: TIMEOUT_MS });
  }

  /** Every kind once, in an order by chance, and all over again. */
  #nextKind(): string {
    if (this.#kinds.length === 0) this.#kinds = this.#random.shuffled(Object.keys(junkKinds));
    const [kind = '', ...others] = this.#kinds;
    this.#kinds = others;
    return kind;
  }

  /** A stored event of a job, unless chance hits something else. */
  async #recentMessage(): Promise<RawMessage | undefined> {
    const { nats } = this.#options;
    const { lastSequence } = await logBounds(nats);
    const sequence = this.#random.int(Math.max(1, lastSequence - RECENT), lastSequence);
    const message = await readMessage(nats, sequence);
    return message === undefined || isMarked(message) || !message.subject.startsWith('jobs.') ? undefined : message;
  }
}

function jobOf({ subject }: RawMessage): string {
  return subject.split('.')[2] ?? '';
}

/** The client library would refuse header names that are none. */
function headersOf(kind: string, { headers = [] }: Junk): MsgHdrs {
  const lines = [`${MARK}: ${kind}`, ...headers].map((line) => `${line}\r\n`);
  const bytes = Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`);
  return { encode: () => bytes } as unknown as MsgHdrs;
}
