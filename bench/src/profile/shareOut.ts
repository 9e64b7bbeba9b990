/** A step and the frames that belong to it. */
export interface StepRule {
  readonly step: string;
  readonly frames: RegExp;
}

/** Where a process was, the innermost frame first, and for how long in whatever unit. */
export interface Stack {
  readonly frames: readonly string[];
  readonly weight: number;
}

export interface Share {
  readonly step: string;
  /** Of the whole: 0 to 1. */
  readonly share: number;
}

/** The step of a stack; undefined if none has a rule for it. */
export type StepOf = (frames: readonly string[], rules: readonly StepRule[]) => string | undefined;

const OTHER = 'other';

export function shareOut(stacks: readonly Stack[], rules: readonly StepRule[], stepOf: StepOf): Share[] {
  const weights = new Map([...rules.map(({ step }) => step), OTHER].map((step) => [step, 0]));
  const whole = stacks.reduce((sum, { weight }) => sum + weight, 0);
  for (const { frames, weight } of stacks) {
    const step = stepOf(frames, rules) ?? OTHER;
    weights.set(step, (weights.get(step) ?? 0) + weight);
  }
  return [...weights].map(([step, weight]) => ({ step, share: weight / whole })).filter(({ share }) => share > 0);
}

/**
 * The step of the innermost frame that belongs to one. For JavaScript: after an `await` the callers are not on the stack
 * any more, so the outer frames say little.
 */
export const innermostStep: StepOf = (frames, rules) => {
  for (const frame of frames) for (const { step, frames: belonging } of rules) if (belonging.test(frame)) return step;
  return undefined;
};

/** The first step with a frame anywhere on the stack. For Go, whose stacks are whole. */
export const firstStep: StepOf = (frames, rules) =>
  rules.find(({ frames: belonging }) => frames.some((frame) => belonging.test(frame)))?.step;
