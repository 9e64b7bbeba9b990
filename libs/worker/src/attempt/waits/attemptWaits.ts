import { SIGNALS_PROTOCOL, STEPS_PROTOCOL, timestampOf, WAITS_PROTOCOL } from '@jobstream/domain';
import type { RecordedStep, Signal, StepOutcome } from '@jobstream/domain';
import type { AttemptSuspendedError } from '../../handler/handlerErrors.ts';
import { checkedSignal } from '../../handler/signalPayload.ts';
import { recordedEnd, recordedResult } from '../steps/recordedResult.ts';
import { misusedStep } from '../steps/stepErrors.ts';
import type { NamedCall, StepLedger } from '../steps/stepLedger.ts';
import type { SteppedAttempt, StepsContext } from '../steps/stepsParts.ts';
import { withinStep } from '../steps/withinStep.ts';
import type { OpenWaits } from './openWaits.ts';
import type { SleepCall } from './sleepCall.ts';
import type { WaitCall } from './waitCall.ts';

interface WaitsParts {
  readonly ledger: StepLedger;
  readonly open: OpenWaits;
  /** Has the attempt wait for what is being recorded. */
  readonly awaited: <Result>(work: Promise<Result>) => Promise<Result>;
}

/** What a wait for a signal comes to before it waits: the payload, undefined after its time limit, or until when it goes on. */
type Begun = Over | { readonly kind: 'waits'; readonly end: number | undefined };

interface Over {
  readonly kind: 'over';
  readonly payload: unknown;
}

const TIMED_OUT: Over = { kind: 'over', payload: undefined };

/** The sleeps and the waits for signals of one run. */
export class AttemptWaits {
  readonly #attempt: SteppedAttempt;
  readonly #context: StepsContext;
  readonly #parts: WaitsParts;
  /** The ids of the signals that this run has read. */
  readonly #read = new Set<string>();

  constructor(attempt: SteppedAttempt, context: StepsContext, parts: WaitsParts) {
    this.#attempt = attempt;
    this.#context = context;
    this.#parts = parts;
  }

  /** Waits until the end of a sleep; rejects with the interruption where the run ends before. */
  async sleep(called: () => SleepCall, interruption: AttemptSuspendedError): Promise<void> {
    const call = this.#begin(called, ({ name }) => `ctx.sleep('${name}', …, { key })`);
    const end = await this.#parts.awaited(this.#endOf(call));
    return this.#parts.open.sleep(end, interruption);
  }

  /** Returns the payload of the signal, undefined after the time limit; rejects with the interruption where the run ends before. */
  async waitFor(called: () => WaitCall, interruption: AttemptSuspendedError): Promise<unknown> {
    const call = this.#begin(called, ({ name, signal }) => `ctx.waitFor('${name}', '${signal}', { key })`);
    this.#assertDefined(call);
    const begun = await this.#parts.awaited(this.#readOrWait(call));
    if (begun.kind === 'over') return begun.payload;
    await this.#parts.open.signal(call.signal, begun.end, interruption);
    const { payload } = await this.#parts.awaited(this.#atItsLimit(call));
    return payload;
  }

  #begin<Call extends NamedCall & { readonly title: string }>(called: () => Call, example: (call: Call) => string) {
    const call = called();
    const step = withinStep.getStore();
    if (step !== undefined)
      throw misusedStep(`${call.title} was begun within the step '${step}', which must end first`);
    this.#parts.ledger.begin(call, call.title, example(call));
    return call;
  }

  /** Returns when the sleep is over, in milliseconds since 1970, once that is recorded. */
  async #endOf(call: SleepCall): Promise<number> {
    const recorded = this.#parts.ledger.doneBefore(call);
    const end = recorded && recordedEnd(recorded, call.title);
    const at = end === undefined ? call.endFrom(this.#now()) : Date.parse(end);
    if (end === undefined) await this.#record(call, STEPS_PROTOCOL, { result: timestampOf(at) });
    if (!this.#parts.open.keepsSlot(at)) await this.#parts.ledger.untilUnderstood(WAITS_PROTOCOL, call.title);
    return at;
  }

  async #readOrWait(call: WaitCall): Promise<Begun> {
    const recorded = this.#parts.ledger.doneBefore(call);
    if (recorded !== undefined && recorded.waitsUntil === undefined) return this.#again(recorded, call);
    const signal = this.#take(call.signal);
    if (signal !== undefined) return this.#readSignal(signal, call);
    const end = recorded?.waitsUntil === undefined ? await this.#limit(call) : Date.parse(recorded.waitsUntil);
    if (end !== undefined && end <= this.#now()) return this.#atItsLimit(call);
    await this.#parts.ledger.untilUnderstood(SIGNALS_PROTOCOL, call.title);
    return { kind: 'waits', end };
  }

  async #again(recorded: RecordedStep, call: WaitCall): Promise<Begun> {
    const payload = recordedResult(recorded, call.title);
    if (recorded.signal === undefined) {
      if (payload === undefined) return TIMED_OUT;
      throw misusedStep(`${call.title} has the name of a step of the job that is no wait for a signal`);
    }
    return { kind: 'over', payload: await this.#checked(payload, call) };
  }

  /** The oldest signal of the name that no step has read. */
  #take(name: string): Signal | undefined {
    const signal = this.#attempt.chain.signals.find((one) => one.name === name && !this.#read.has(one.id));
    if (signal !== undefined) this.#read.add(signal.id);
    return signal;
  }

  async #readSignal({ id, name, payload }: Signal, call: WaitCall): Promise<Over> {
    const result = recordedResult({ result: payload }, call.title);
    const checked = await this.#checked(result, call);
    await this.#record(call, SIGNALS_PROTOCOL, { signal: { id, name }, result });
    return { kind: 'over', payload: checked };
  }

  /** Records when the time limit of the wait is over, from which a later run goes on; undefined where it has none. */
  async #limit(call: WaitCall): Promise<number | undefined> {
    if (call.timeoutMs === undefined) return undefined;
    const end = this.#now() + call.timeoutMs;
    await this.#record(call, SIGNALS_PROTOCOL, { waitsUntil: timestampOf(end) });
    return end;
  }

  /** A signal may have come while what else the handler did kept the run from ending. */
  async #atItsLimit(call: WaitCall): Promise<Over> {
    await this.#attempt.chain.refresh();
    const signal = this.#take(call.signal);
    return signal === undefined ? this.#timeOut(call) : this.#readSignal(signal, call);
  }

  async #timeOut(call: WaitCall): Promise<Over> {
    await this.#record(call, SIGNALS_PROTOCOL, {});
    return TIMED_OUT;
  }

  async #record(
    { id, name, key, title }: NamedCall & { readonly title: string },
    protocol: number,
    outcome: Partial<StepOutcome>,
  ): Promise<void> {
    const { ledger } = this.#parts;
    ledger.takePlace({ id }, title);
    await ledger.untilUnderstood(protocol, title);
    await ledger.record({ name, ...(key === undefined ? {} : { key }), ...outcome, durationMs: 0 }, title);
  }

  #assertDefined({ signal, title }: WaitCall): void {
    const { type, signals = {} } = this.#attempt.handler.definition;
    if (Object.hasOwn(signals, signal)) return;
    const known = Object.keys(signals);
    const has = known.length === 0 ? 'none' : known.join(', ');
    throw misusedStep(`${title}: the definition of ${type} has no such signal, it has ${has}`);
  }

  async #checked(payload: unknown, { signal }: WaitCall): Promise<unknown> {
    try {
      return await checkedSignal(this.#attempt.handler.definition, signal, payload);
    } catch (error) {
      throw this.#parts.ledger.fail(error);
    }
  }

  #now(): number {
    return Date.parse(this.#context.clock.now());
  }
}
