import { runCommand } from '@jobstream/servers';

const IDLE = /^\(idle\)/;

const PROFILER = /\/profileOnSignal\.ts$/;

const SEPARATOR = /^-+\+-+$/m;

const TIMED = /^\s*([\d.]+)(ns|us|ms|s)\s+(.*)$/;

const MICROS: Readonly<Record<string, number>> = {
  ns: 0.001,
  us: 1,
  ms: 1_000,
  s: 1_000_000,
};

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

export function attributeToSteps(stacks: readonly Stack[], rules: readonly StepRule[], stepOf: StepOf): Share[] {
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

/** The stacks in what `go tool pprof -traces` prints, with their µs. */
export function stacksOfTraces(text: string): Stack[] {
  return text.split(SEPARATOR).slice(1).flatMap(stackIn);
}

/** Labels first, if the goroutine has any; then the time and the innermost function, then its callers. */
function stackIn(block: string): Stack[] {
  const lines = block.split('\n').filter((line) => line.trim() !== '');
  const begin = lines.findIndex((line) => TIMED.test(line));
  const [, amount = '', unit = '', innermost = ''] = TIMED.exec(lines[begin] ?? '') ?? [];
  if (begin === -1) return [];
  const callers = lines.slice(begin + 1).map((line) => line.trim());
  return [{ frames: [innermost, ...callers], weight: Number(amount) * (MICROS[unit] ?? 0) }];
}

/** How the processor time in profiles of nats-server falls to the steps. Needs Go, whose tool reads such profiles. */
export async function stepsOfServer(files: readonly string[], rules: readonly StepRule[]): Promise<Share[]> {
  const texts = await Promise.all(files.map((file) => runCommand('go', ['tool', 'pprof', '-traces', file])));
  return attributeToSteps(texts.flatMap(stacksOfTraces), rules, firstStep);
}

/** As V8 writes it: a tree of frames, and for each sample the frame in which it was. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** How the time in which the process was not idle falls to the steps; that of the profiler itself does not count. */
export function stepsOfProfile(profile: CpuProfile, rules: readonly StepRule[]): Share[] {
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName} ${callFrame.url}`]));
  const spent = new Map<number, number>();
  for (const [index, id] of profile.samples.entries())
    spent.set(id, (spent.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  const stacks = [...spent].map(([id, weight]): Stack => ({ weight, frames: framesFrom(id, parents, names) }));
  return attributeToSteps(
    stacks.filter(({ frames }) => !frames.some((frame) => IDLE.test(frame) || PROFILER.test(frame))),
    rules,
    innermostStep,
  );
}

function framesFrom(leaf: number, parents: ReadonlyMap<number, number>, names: ReadonlyMap<number, string>): string[] {
  const frames: string[] = [];
  for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) frames.push(names.get(id) ?? '');
  return frames;
}
