import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { KIT } from './kitWriter.ts';

/** The acknowledgement of a message, on the subject that the message names for it. */
interface Answer {
  readonly stream: string;
  /** Of the acknowledged message. */
  readonly sequence: number;
  readonly answer: string;
}

interface Published {
  readonly subject: string;
  readonly body: string;
  /** Of a timer: the subject to which it fires. */
  readonly target: string | undefined;
}

type Observed = Published | Answer;

/** A heartbeat as the worker sent it, unchecked. */
export interface Heartbeat {
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** When it arrived, by `performance.now()`. */
  readonly at: number;
}

const ACK_TOKENS = 9;
const HEARTBEAT = '+WPI';

/**
 * Records what workers publish, in the order in which the server receives it: events, timers, acknowledgements,
 * and heartbeats. An observed event need not be stored: the stream may have refused it.
 */
export class WireTap {
  readonly observed: Observed[] = [];
  readonly heartbeats: Heartbeat[] = [];

  constructor(nats: NatsConnection) {
    for (const subject of ['jobs.>', 'timers.>', '$JS.ACK.>']) {
      nats.subscribe(subject, { callback: (_error, message) => void this.observed.push(observedIn(message)) });
    }
    nats.subscribe('workers.*', {
      callback: (_error, message) => {
        const { subject } = message;
        this.heartbeats.push({ subject, body: message.json(), at: performance.now() });
      },
    });
  }

  /** The acknowledgements of the message of this stream with this sequence. */
  answers(stream: string, sequence: number): string[] {
    return this.observed.flatMap((one) =>
      'answer' in one && one.stream === stream && one.sequence === sequence ? [one.answer] : [],
    );
  }

  /** The subjects to which the timers of a job fire, in the order in which they were set. */
  timerTargets(jobId: string): string[] {
    return this.observed.flatMap((one) =>
      'target' in one && one.subject.endsWith(`.${jobId}`) ? (one.target ?? []) : [],
    );
  }

  /** For when the timers of a job were set, in the order in which they were. */
  timersOf(jobId: string): string[] {
    return this.observed.flatMap((one) =>
      'subject' in one && wordFor(one, jobId) === 'timer' ? (JSON.parse(one.body) as { at: string }).at : [],
    );
  }

  /**
   * What workers published about a job, in order: names of events, `timer`, and acknowledgements of the messages of the log
   * with these sequences, without heartbeats.
   */
  about(jobId: string, sequences: readonly number[]): string[] {
    return this.observed.flatMap((one) => {
      if ('subject' in one) return wordFor(one, jobId) ?? [];
      const answersJob = one.stream === 'JOBS' && sequences.includes(one.sequence);
      return answersJob && one.answer !== HEARTBEAT ? [one.answer] : [];
    });
  }
}

function wordFor({ subject, body }: { subject: string; body: string }, jobId: string): string | undefined {
  const [first, second, third, fourth] = subject.split('.');
  if (first === 'timers') return second === 'at' && fourth === jobId ? 'timer' : undefined;
  if (third !== jobId || body.includes(`"id":"${KIT}"`)) return undefined;
  return /"event": ?"(\w+)"/.exec(body)?.[1] ?? 'something unreadable';
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.…`, with a domain and an account before on some servers. */
function observedIn(message: Msg): Observed {
  const { subject } = message;
  if (!subject.startsWith('$JS.ACK.'))
    return { subject, body: message.string(), target: message.headers?.get('Nats-Schedule-Target') };
  const tokens = subject.split('.');
  const first = tokens.length === ACK_TOKENS ? 2 : 4;
  const [answer = ''] = message.string().split(' ');
  return { stream: tokens[first] ?? '', sequence: Number(tokens[first + 3]), answer: answer || '+ACK' };
}
