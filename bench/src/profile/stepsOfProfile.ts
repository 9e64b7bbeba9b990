import { innermostStep, shareOut, type Share, type Stack, type StepRule } from './shareOut.ts';

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

const IDLE = /^\(idle\)/;
const PROFILER = /\/profileOnSignal\.ts$/;

/** How the time in which the process was not idle falls to the steps; that of the profiler itself does not count. */
export function stepsOfProfile(profile: CpuProfile, rules: readonly StepRule[]): Share[] {
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName} ${callFrame.url}`]));
  const spent = new Map<number, number>();
  for (const [index, id] of profile.samples.entries())
    spent.set(id, (spent.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  const stacks = [...spent].map(([id, weight]): Stack => ({ weight, frames: framesFrom(id, parents, names) }));
  return shareOut(
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
