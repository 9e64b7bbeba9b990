import * as Schema from 'effect/Schema';
import { EventId } from '../../messages/eventEnvelope.ts';
import { Timestamp } from '../../messages/timestamp.ts';

/** Since this version jobs take signals, and attempts wait for them: decision 0062. */
export const SIGNALS_PROTOCOL = 8;

/** Signals that a job may have unread. */
export const MAX_UNREAD_SIGNALS = 1_000;
/** Bytes of JSON that the payload of a signal may have. */
export const MAX_SIGNAL_BYTES = 64 * 1024;
/** Bytes of JSON that all unread signals of a job may have together, as they are stored: a job is carried with them in one message. */
export const MAX_UNREAD_BYTES = 128 * 1024;

/** What a signal is called: 1 to 64 letters, digits, `-` and `_`, starting with a letter. */
export const SignalName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
    expected: 'a name of 1 to 64 letters, digits, dashes and underscores, starting with a letter',
  }),
);

export const isSignalName = Schema.is(SignalName);

/** A signal of a job. Its id is that of the JobSignalled. */
export const Signal = Schema.Struct({ id: EventId, name: SignalName, payload: Schema.Unknown, at: Timestamp });
export type Signal = typeof Signal.Type;

/** Signals by their names. */
export const SignalCounts = Schema.Record(Schema.String, Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)));
export type SignalCounts = typeof SignalCounts.Type;

interface WithUnread {
  readonly unread?: SignalCounts;
}
/** As far as it says which signal it has read. */
interface ReadingStep {
  readonly signal?: { readonly name: string };
}

/** How many signals of the name, or of all names, no step has read. */
export function unreadSignals({ unread = {} }: WithUnread, name?: string): number {
  if (name !== undefined) return Object.hasOwn(unread, name) ? (unread[name] ?? 0) : 0;
  return Object.values(unread).reduce((sum, count) => sum + count, 0);
}

/** Counts signals, as `unread` of a job does; nothing where there are none. */
export function countsOf(signals: Iterable<Pick<Signal, 'name'>>): WithUnread {
  const counts = new Map<string, number>();
  for (const { name } of signals) counts.set(name, (counts.get(name) ?? 0) + 1);
  return fromCounts(counts);
}

/** Whether these are as many signals of each name as the job has unread. */
export function areUnreadOf(job: WithUnread, signals: readonly Pick<Signal, 'name'>[]): boolean {
  const { unread = {} } = countsOf(signals);
  const counts = Object.entries(unread);
  return (
    counts.length === Object.keys(job.unread ?? {}).length &&
    counts.every(([name, count]) => count === unreadSignals(job, name))
  );
}

/** The job with one more unread signal. */
export function withSignal<State extends WithUnread>(job: State, name: string): State {
  return withUnread(job, [...Object.entries(job.unread ?? {}), [name, unreadSignals(job, name) + 1]]);
}

/** Whether the job has all signals unread that the steps have read. */
export function hasRead(job: WithUnread, steps: readonly ReadingStep[]): boolean {
  return Object.entries(readBy(steps)).every(([name, count]) => count <= unreadSignals(job, name));
}

/** The job without the signals that the steps have read. */
export function withoutRead<State extends WithUnread>(job: State, steps: readonly ReadingStep[]): State {
  if (job.unread === undefined) return job;
  const read = Object.entries(readBy(steps)).map(([name, count]) => [name, unreadSignals(job, name) - count] as const);
  return withUnread(job, [...Object.entries(job.unread), ...read]);
}

function readBy(steps: readonly ReadingStep[]): SignalCounts {
  return countsOf(steps.flatMap(({ signal }) => signal ?? [])).unread ?? {};
}

function withUnread<State extends WithUnread>(job: State, counts: Iterable<readonly [string, number]>): State {
  const { unread: _before, ...rest } = job;
  return { ...rest, ...fromCounts(new Map(counts)) } as State;
}

function fromCounts(counts: ReadonlyMap<string, number>): WithUnread {
  const left = [...counts].filter(([, count]) => count > 0);
  return left.length === 0 ? {} : { unread: Object.fromEntries(left) };
}
