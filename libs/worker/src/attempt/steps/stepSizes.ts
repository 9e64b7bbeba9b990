import {
  encryptionOverhead,
  MAX_STEPS,
  MAX_STEPS_BYTES,
  stepId,
  type RecordedStep,
  type StepOutcome,
} from '@jobstream/domain';
import { stepsTooLarge } from './stepErrors.ts';

/** Of the attempt and the time with which a step is recorded. */
const RECORD_BYTES = 60;

/** Counts the steps of a job and their bytes, as the log stores them. */
export class StepSizes {
  readonly #isEncrypting: boolean;
  readonly #bytes = new Map<string, number>();
  #total = 0;

  constructor(steps: readonly RecordedStep[], isEncrypting: boolean) {
    this.#isEncrypting = isEncrypting;
    for (const step of steps) this.add(step);
  }

  /** Whether there is room for another step of this id; the id has its place from then on. */
  takePlace(id: string): boolean {
    if (!this.#bytes.has(id)) {
      if (this.#bytes.size >= MAX_STEPS) return false;
      this.#bytes.set(id, 0);
    }
    return true;
  }

  /** Counts the step, in the place of an earlier one of its id. Returns false, and counts nothing, if it has no room. */
  add(step: StepOutcome): boolean {
    const id = stepId(step);
    const bytes = this.#bytesOf(step);
    const total = this.#total + bytes - (this.#bytes.get(id) ?? 0);
    if (total > MAX_STEPS_BYTES) return false;
    this.#bytes.set(id, bytes);
    this.#total = total;
    return true;
  }

  #bytesOf(step: StepOutcome): number {
    const plain = Buffer.byteLength(JSON.stringify(step)) + RECORD_BYTES;
    if (!this.#isEncrypting) return plain;
    const secret = step.error ?? step.result;
    return secret === undefined ? plain : plain + encryptionOverhead(Buffer.byteLength(JSON.stringify(secret)));
  }
}

/** Of a step that has no room. */
export function noRoomFor(title: string): Error {
  return stepsTooLarge(
    `${title} has ended, and its result cannot be kept: the steps of the job have more than ${MAX_STEPS_BYTES} bytes`,
  );
}

export function noPlaceFor(title: string): Error {
  return stepsTooLarge(`${title} is not run: a job may have ${MAX_STEPS} steps`);
}
