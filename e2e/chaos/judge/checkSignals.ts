import { isDeepStrictEqual } from 'node:util';
import type { WaitEffect } from './evidence.ts';
import { carries, type LoggedEvent, runStarts } from './readHistories.ts';
import type { Violation } from './violation.ts';

/** What handlers call a wait for a signal, which has the key of the step that follows. */
const WAIT = 'wait-for-';

/** Clocks of processes are about so exact. */
const PRECISION_MS = 1_000;

export function waitName(signal: string): string {
  return `${WAIT}${signal}`;
}

/** Whether a recorded step is a wait for a signal. */
export function isWait({ name }: { readonly name: string }): boolean {
  return name.startsWith(WAIT);
}

export interface RecordedWait {
  readonly name: string;
  readonly key?: string;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly signal?: { readonly id: string; readonly name: string };
  readonly waitsUntil?: string;
}

/** The records of waits for signals in an event. */
export function waitsIn({ event, data }: LoggedEvent): readonly RecordedWait[] {
  return event === 'JobStepsRecorded' ? (data['steps'] as readonly RecordedWait[]).filter(isWait) : [];
}

/** To these a run comes that has recorded everything. */
const OWN_ENDS = new Set(['JobCompleted', 'JobSuspended']);

interface Sent {
  readonly id: string;
  readonly name: unknown;
  readonly payload: unknown;
}

/** What is known of the signals of a job up to an event. */
interface Signals {
  readonly known: Map<string, Sent>;
  /** Those that no step has read, oldest first. */
  readonly unread: Sent[];
  /** The ids of those that were unread when the run has begun. */
  atStart: ReadonlySet<string>;
  /** The ends of waits that have begun and were not ended, in milliseconds since 1970. */
  readonly limits: Map<string, number>;
  /**
   * What waits of this run seem to have missed. Another wait of the run may have taken it, the record of which comes later, or never if
   * the run is lost: the end of the run tells.
   */
  missed: readonly { readonly signal: string; readonly what: string }[];
  /** What the waits have ended with, by the name and the key of each: null after its time limit. */
  readonly ended: Map<string, { readonly payload: unknown; readonly recordedAt: number }>;
}

/**
 * Whether each signal is read at most once, in the order of its name, and by a step that is recorded before its handler gets it; whether
 * jobs are carried with those that are unread; and whether no wait is over for its time limit while there is a signal for it.
 */
export function checkSignals(
  effects: readonly WaitEffect[],
  histories: ReadonlyMap<string, readonly LoggedEvent[]>,
): readonly Violation[] {
  const done = Map.groupBy(effects, ({ jobId }) => jobId);
  return [...histories].flatMap(([jobId, history]) =>
    checkJob(history, done.get(jobId) ?? []).map((detail): Violation => ({ rule: 'signals', jobId, detail })),
  );
}

/** How many signals jobs were sent, and how many of these steps have read. */
export function countSignals(histories: ReadonlyMap<string, readonly LoggedEvent[]>) {
  const events = [...histories.values()].flat();
  const sent = events.filter(({ event }) => event === 'JobSignalled').length;
  const ofReads = events.flatMap(waitsIn).filter(({ signal }) => signal !== undefined);
  return { sent, read: ofReads.length };
}

function checkJob(history: readonly LoggedEvent[], done: readonly WaitEffect[]): readonly string[] {
  const signals: Signals = {
    known: new Map(),
    unread: [],
    atStart: new Set(),
    limits: new Map(),
    missed: [],
    ended: new Map(),
  };
  const found = history.flatMap((event) => follow(event, signals));
  return [...found, ...done.flatMap((effect) => wrongWait(effect, signals))];
}

function follow(event: LoggedEvent, signals: Signals): readonly string[] {
  const { data, eventId, sequence } = event;
  if (event.event === 'JobSignalled') {
    const sent = { id: eventId, name: data['name'], payload: data['payload'] };
    signals.known.set(eventId, sent);
    signals.unread.push(sent);
  }
  if (runStarts.includes(event.event)) {
    signals.atStart = new Set(signals.unread.map(({ id }) => id));
    signals.missed = [];
  }
  if (event.event === 'JobPayloadChanged' && data['keepSteps'] !== true) {
    signals.limits.clear();
    signals.ended.clear();
  }
  if (carries.includes(event.event)) return wrongCarry(event, signals);
  const missed = OWN_ENDS.has(event.event) ? signals.missed.map(({ what }) => what) : [];
  if (event.event === 'JobCompleted') return [...missed, ...wrongResult(event, signals)];
  if (missed.length > 0) return missed;
  return waitsIn(event).flatMap((wait) => record(wait, event, signals).map((what) => `at ${sequence} ${what}`));
}

/** Notes what a wait has come to, and says what is wrong with it. */
function record(wait: RecordedWait, { at, storedAt, sequence }: LoggedEvent, signals: Signals): readonly string[] {
  const id = idOf(wait);
  if (wait.error !== undefined) return [];
  if (wait.signal !== undefined) {
    const wrong = read(wait, wait.signal.id, signals);
    signals.limits.delete(id);
    signals.ended.set(id, { payload: wait.result, recordedAt: storedAt });
    return wrong;
  }
  const limit = signals.limits.get(id);
  if (wait.waitsUntil !== undefined) {
    signals.limits.set(id, Date.parse(wait.waitsUntil));
    return limit === undefined ? [] : [`${id} has got another time limit`];
  }
  signals.limits.delete(id);
  signals.ended.set(id, { payload: null, recordedAt: storedAt });
  if (limit === undefined) return [`${id} is over, which had no time limit`];
  if (limit > at + PRECISION_MS) return [`${id} is over before its time limit`];
  const missed = signals.unread.filter(
    ({ name, id: one }) => waitName(String(name)) === wait.name && signals.atStart.has(one),
  );
  const what = (signal: string) => `at ${sequence} ${id} is over, and signal ${signal} was unread when the run began`;
  signals.missed = [...signals.missed, ...missed.map((one) => ({ signal: one.id, what: what(one.id) }))];
  return [];
}

function read(wait: RecordedWait, signalId: string, signals: Signals): readonly string[] {
  const { known, unread } = signals;
  signals.missed = signals.missed.filter(({ signal }) => signal !== signalId);
  const sent = known.get(signalId);
  const id = idOf(wait);
  if (sent === undefined) return [`${id} has read ${signalId}, which the job was not sent`];
  const place = unread.indexOf(sent);
  if (place < 0) return [`${id} has read ${signalId}, which was read before`];
  const older = unread.findIndex(({ name }) => name === sent.name);
  unread.splice(place, 1);
  if (older < place) return [`${id} has read ${signalId} before an older one`];
  if (waitName(String(sent.name)) !== wait.name || wait.signal?.name !== sent.name)
    return [`${id} has read ${signalId}, which has the name ${String(sent.name)}`];
  return isDeepStrictEqual(wait.result, sent.payload) ? [] : [`${id} has got another payload than ${signalId}`];
}

function wrongCarry({ sequence, data }: LoggedEvent, { unread }: Signals): readonly string[] {
  const carried = (data['signals'] ?? []) as readonly Sent[];
  const same = isDeepStrictEqual(
    carried.map(({ id, name, payload }) => ({ id, name, payload })),
    unread,
  );
  return same
    ? []
    : [`at ${sequence} the job was carried with other signals than the ${unread.length} that are unread`];
}

/** The handlers of tests return what their waits have given, in the order of their keys. */
function wrongResult({ sequence, data }: LoggedEvent, { ended }: Signals): readonly string[] {
  const { waits } = (data['result'] ?? {}) as { readonly waits?: unknown };
  if (!Array.isArray(waits)) return [];
  const expected = [...ended].toSorted(([left], [right]) => keyOf(left) - keyOf(right));
  return isDeepStrictEqual(
    waits,
    expected.map(([, { payload }]) => payload),
  )
    ? []
    : [`the job was completed with other signals than it has read at ${sequence}`];
}

/** What a handler gets is in the log by then. */
function wrongWait({ name, key, payload, runId, at }: WaitEffect, { ended }: Signals): readonly string[] {
  const id = idOf({ name, key });
  const known = ended.get(id);
  if (known !== undefined && known.recordedAt <= at && isDeepStrictEqual(known.payload, payload)) return [];
  return [`${id} gave ${String(payload)} in ${runId}, which is not what is recorded`];
}

function keyOf(id: string): number {
  return Number(id.split(' ')[1]);
}

function idOf({ name, key }: { readonly name: string; readonly key?: string }): string {
  return key === undefined ? name : `${name} ${key}`;
}
