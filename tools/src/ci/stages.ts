/** One part of what CI runs. */
export interface Stage {
  readonly name: string;
  /** As one would type it in the root of the repository. */
  readonly command: string;
  /** It runs with every push; the others every night and before a release. */
  readonly gate?: true;
  /** The others do not run when it fails. */
  readonly isFirst?: true;
  /** A stage that takes longer is ended and counts as failed; default 30. */
  readonly minutes?: number;
}

/**
 * All that CI runs, in this order: the gate, and then what has failed oftenest first. "CI" in docs/development.md says what each stage
 * is for.
 */
export const stages: readonly Stage[] = [
  { name: 'checks', command: 'npm run check', gate: true, isFirst: true },
  { name: 'tests', command: 'npm test', gate: true, minutes: 45 },
  { name: 'smoke', command: 'npm run test:smoke', gate: true },
  { name: 'dashboard', command: 'npm run test:dashboard -- --flaky-fails', minutes: 45 },
  { name: 'system', command: 'npm run test:system -- --flaky-fails', minutes: 45 },
  { name: 'compose', command: 'npm run test:compose' },
  { name: 'containers', command: 'npm run test:containers' },
  {
    // Every night with more jobs and faults.
    name: 'chaos',
    command:
      'CHAOS_JOBS=${CHAOS_JOBS:-600} CHAOS_FAULTS=${CHAOS_FAULTS:-12} CHAOS_TRANSACTIONS=${CHAOS_TRANSACTIONS:-500} npm run test:chaos',
    minutes: 90,
  },
  { name: 'packages', command: 'npm run test:packages' },
  { name: 'conformance', command: 'npm run conformance -- --worker typescript --worker python --worker go' },
  { name: 'faulty-workers', command: 'npm run conformance -- --worker faulty' },
  { name: 'tutorial', command: 'npm run test:tutorial' },
  { name: 'postgres', command: 'npm run test:postgres' },
  { name: 'fuzz', command: 'npm run test:fuzz' },
  { name: 'speed', command: 'npm run bench:gate' },
];

/** What to run: the gate, all stages, or those of some names. */
export interface StageChoice {
  /** `all`, or names of stages. */
  readonly names?: readonly string[];
  /** Begins with this stage, and runs all behind it. */
  readonly from?: string | undefined;
}

/**
 * Returns the stages to run, in the order of the list: those of the gate when nothing is said.
 *
 * @throws Error when there is no stage of a name.
 */
export function chooseStages(all: readonly Stage[], { names = [], from }: StageChoice): readonly Stage[] {
  const known = all.map(({ name }) => name);
  const wanted = [...names.filter((name) => name !== 'all'), ...(from === undefined ? [] : [from])];
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no stage ${unknown.join(', ')}: there are ${known.join(', ')}`);
  if (from !== undefined) return all.slice(known.indexOf(from));
  if (names.includes('all')) return all;
  return names.length > 0 ? all.filter(({ name }) => names.includes(name)) : all.filter(({ gate }) => gate === true);
}
