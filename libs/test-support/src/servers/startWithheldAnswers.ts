import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';

type Step = () => Promise<unknown>;

/** A way to a nats-server on which the answer to one request after the other comes late. */
export interface WithheldAnswers extends AsyncDisposable {
  /** The address of the server through it. */
  readonly url: string;
  /**
   * Takes the steps, one after the other, again and again. Each time the answer to the first request whose answer was not late
   * yet is, until all were. The step that has sent it must not end before that answer is there.
   *
   * @returns the subjects of the requests.
   */
  withholdEach(...steps: readonly Step[]): Promise<readonly string[]>;
}

/** After which nothing more is expected to happen before the answer comes; one that is busy only notices less. */
const QUIET_MS = 40;
/** In which a request that a step has sent without waiting arrives here. */
const TURNS = 10;
const MOST_REQUESTS = 200;
/** Of a worker, a job, a schedule or a consumer: another one in each run. */
const OF_WORKER = /^(workers|logs|schedules|types\.[^.]+)\..*/;
const ID = /[\da-f]{8}-[\da-f-]{27}|\w{20,}/g;
/** Requests for messages are answered when there are some. */
const SPARED = /^\$JS\.API\.CONSUMER\.MSG\.NEXT\./;

/** Which answer of a run is withheld. */
class Withholding {
  readonly #only: RegExp;
  readonly #done = new Set<string>();
  #seen = new Map<string, number>();
  #isOn = false;
  #reply: string | undefined;
  #held: (() => void)[] = [];
  /** The subject of the request. */
  subject: string | undefined;
  lastTraffic = performance.now();

  constructor(only: RegExp) {
    this.#only = only;
  }

  begin(): void {
    this.#isOn = true;
    this.#seen = new Map();
    this.#reply = undefined;
    this.subject = undefined;
  }

  onRequest(subject: string, reply: string): void {
    if (!this.#isOn || SPARED.test(subject) || !this.#only.test(subject)) return;
    const shape = subject.replace(OF_WORKER, '$1.*').replaceAll(ID, '*');
    const times = (this.#seen.get(shape) ?? 0) + 1;
    this.#seen.set(shape, times);
    const key = `${shape} (${times})`;
    if (this.subject !== undefined || this.#done.has(key)) return;
    this.#done.add(key);
    this.subject = subject;
    this.#reply = reply;
  }

  /** Sends an answer on, at once or when it is released. */
  onAnswer(reply: string, send: () => void): void {
    if (reply === this.#reply) this.#held.push(send);
    else send();
  }

  /** Whether the answer is here and nothing has passed for some time. */
  get isQuiet(): boolean {
    return this.#held.length > 0 && performance.now() - this.lastTraffic > QUIET_MS;
  }

  /** Whether a request has been sent whose answer is withheld. */
  get isWaitedFor(): boolean {
    return this.#reply !== undefined;
  }

  end(): void {
    this.#isOn = false;
    this.release();
  }

  release(): void {
    this.#reply = undefined;
    for (const send of this.#held.splice(0)) send();
  }
}

/**
 * Starts it in front of the server on this port of the loopback interface.
 *
 * @param only the subjects of the requests whose answers may come late; default: all.
 */
export async function startWithheldAnswers(natsPort: number, only = /./): Promise<WithheldAnswers> {
  const withholding = new Withholding(only);
  const sockets = new Set<Socket>();
  const server = createServer((client) => join(client, natsPort, withholding, sockets)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `nats://127.0.0.1:${(server.address() as { port: number }).port}`,
    withholdEach: (...steps) => withholdEach(withholding, steps),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function join(client: Socket, port: number, withholding: Withholding, sockets: Set<Socket>): void {
  const server = connect({ port, host: '127.0.0.1' });
  for (const socket of [client, server]) sockets.add(socket.setNoDelay().on('error', () => socket.destroy()));
  const [requests, answers] = [new NatsMessages(), new NatsMessages()];
  client.on('data', (chunk: Buffer) => {
    withholding.lastTraffic = performance.now();
    for (const { words } of requests.read(chunk)) {
      const [verb, subject = '', reply = ''] = words;
      const hasReply = words.length === (verb === 'HPUB' ? 5 : 4);
      if ((verb === 'PUB' || verb === 'HPUB') && hasReply) withholding.onRequest(subject, reply);
    }
    server.write(chunk);
  });
  server.on('data', (chunk: Buffer) => {
    withholding.lastTraffic = performance.now();
    for (const { words, bytes } of answers.read(chunk)) {
      const isMessage = words[0] === 'MSG' || words[0] === 'HMSG';
      withholding.onAnswer(isMessage ? (words[1] ?? '') : '', () => client.write(bytes));
    }
  });
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroy());
}

async function withholdEach(withholding: Withholding, steps: readonly Step[]): Promise<readonly string[]> {
  const subjects: string[] = [];
  while (subjects.length < MOST_REQUESTS) {
    withholding.begin();
    const ended = inTurn(withholding, steps);
    const hasEnded = await endsBefore(ended, () => withholding.isQuiet);
    const { subject } = withholding;
    if (subject === undefined) {
      withholding.end();
      await ended;
      return subjects;
    }
    if (!hasEnded) withholding.release();
    await ended;
    subjects.push(subject);
  }
  throw new Error(`there are more than ${MOST_REQUESTS} requests`);
}

async function inTurn(withholding: Withholding, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await step();
    for (let turns = 0; turns < TURNS; turns++) await turn();
    expect(withholding.isWaitedFor, `it has ended before the answer to ${withholding.subject}`).toBe(false);
  }
}

async function endsBefore(work: Promise<unknown>, isTrue: () => boolean): Promise<boolean> {
  const state = { hasEnded: false };
  const note = () => void (state.hasEnded = true);
  void work.then(note, note);
  while (!state.hasEnded && !isTrue()) await pause(1);
  return state.hasEnded;
}

interface NatsMessage {
  /** Those of its first line. */
  readonly words: readonly string[];
  readonly bytes: Buffer;
}

/** Finds the messages in one direction of a connection. */
class NatsMessages {
  #rest = Buffer.alloc(0);

  read(chunk: Buffer): NatsMessage[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: NatsMessage[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) messages.push(next);
    return messages;
  }

  #next(): NatsMessage | undefined {
    const line = this.#rest.indexOf('\r\n');
    if (line < 0) return undefined;
    const words = this.#rest.toString('latin1', 0, line).split(' ');
    const body = /^H?(?:PUB|MSG)$/.test(words[0] ?? '') ? Number(words.at(-1)) + 2 : 0;
    const end = line + 2 + body;
    if (this.#rest.length < end) return undefined;
    const bytes = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    return { words, bytes };
  }
}
