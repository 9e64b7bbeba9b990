import { stepId, type RecordedStep, type StepOutcome } from '@jobstream/domain';
import { UnrecoverableError } from '../../handler/handlerErrors.ts';
import type { StepCall } from './stepCall.ts';
import { misusedStep } from './stepErrors.ts';
import { over, type SteppedAttempt, type StepsAbort, type StepsContext } from './stepsParts.ts';
import { StepRecorder } from './stepRecorder.ts';
import { noPlaceFor, noRoomFor, StepSizes } from './stepSizes.ts';
import { untilUnderstood } from './untilUnderstood.ts';

/** What a step, a sleep and a wait are known by. */
export type NamedCall = Pick<StepCall, 'id' | 'name' | 'key'>;

/** What is recorded of the steps of a job: by earlier attempts, and by this run of one. Sleeps and waits are steps too. */
export class StepLedger {
  readonly #attempt: SteppedAttempt;
  readonly #abort: StepsAbort;
  readonly #context: StepsContext;
  readonly #recorded: ReadonlyMap<string, RecordedStep>;
  readonly #sizes: StepSizes;
  readonly #recorder: StepRecorder;
  /** What this run has begun, by its id. */
  readonly #begun = new Set<string>();
  #fault: { readonly error: unknown } | undefined;
  #isOver = false;

  constructor(attempt: SteppedAttempt, abort: StepsAbort, context: StepsContext) {
    this.#attempt = attempt;
    this.#abort = abort;
    this.#context = context;
    const { steps } = attempt.chain;
    this.#recorded = new Map(steps.map((step) => [stepId(step), step]));
    this.#sizes = new StepSizes(steps, context.eventLog.contents.isEncrypting);
    this.#recorder = new StepRecorder(attempt.chain, attempt.number, () => abort.overtaken());
  }

  /** Why the attempt fails, whatever its handler does. */
  get fault(): { readonly error: unknown } | undefined {
    return this.#fault;
  }

  /** @throws the reason for which nothing more of this run counts. */
  assertRuns(): void {
    if (this.#abort.error !== undefined) throw this.#abort.error;
    if (this.#isOver) throw over();
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  /**
   * Notes that the call has begun.
   *
   * @param example of a call with a key, for the message.
   * @throws UnrecoverableError when one of its id has begun before.
   */
  begin({ id, key }: NamedCall, title: string, example: string): void {
    if (!this.#begun.has(id)) return void this.#begun.add(id);
    const remedy = key === undefined ? `. In a loop give each its key: ${example}` : '';
    throw misusedStep(`${title} was begun twice in this attempt${remedy}`);
  }

  /** The step as an earlier attempt has recorded it, unless that has failed. */
  doneBefore({ id }: Pick<NamedCall, 'id'>): RecordedStep | undefined {
    const recorded = this.#recorded.get(id);
    return recorded?.error === undefined ? recorded : undefined;
  }

  /** @throws UnrecoverableError when the job has as many steps as it may have. */
  takePlace({ id }: Pick<NamedCall, 'id'>, title: string): void {
    if (!this.#sizes.takePlace(id)) throw this.fail(noPlaceFor(title));
  }

  /** Waits until all live processes understand the version of the protocol. Rejects as `untilUnderstood`. */
  untilUnderstood(protocol: number, what: string): Promise<void> {
    return untilUnderstood({ protocol, what }, this.#attempt, this.#abort, this.#context);
  }

  /** Records the outcome. Rejects with the reason for which that cannot be. */
  record(outcome: StepOutcome, title: string): Promise<void> {
    if (!this.#sizes.add(outcome)) throw this.fail(noRoomFor(title));
    return this.#append(outcome);
  }

  /** As `record`, or nothing if there is no room. */
  async recordIfRoom(outcome: StepOutcome): Promise<void> {
    if (this.#sizes.add(outcome)) await this.#append(outcome);
  }

  /** Fails the attempt with the error, whatever the handler does with it; returns it. */
  fail(error: unknown): unknown {
    this.#fault ??= { error };
    return error;
  }

  /** What still runs is not recorded any more. */
  over(): void {
    this.#isOver = true;
  }

  async #append(outcome: StepOutcome): Promise<void> {
    if (this.#isOver) throw over();
    try {
      await this.#recorder.record(outcome);
    } catch (error) {
      if (error instanceof UnrecoverableError) this.fail(error);
      throw this.#abort.error ?? error;
    }
  }
}
