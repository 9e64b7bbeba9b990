/** One part of what CI runs. */
export interface Stage {
  readonly name: string;
  /** As one would type it in the root of the repository. */
  readonly command: string;
  /** The others do not run when it fails. */
  readonly isFirst?: true;
  /** A stage that takes longer is ended and counts as failed; default 30. */
  readonly minutes?: number;
  /** It takes long or measures: it runs every night instead of with every push. */
  readonly nightly?: true;
}

/** All that CI runs, in this order; "CI" in docs/development.md says what each stage is for. */
export const stages: readonly Stage[] = [
  { name: 'checks', command: 'npm run check', isFirst: true },
  { name: 'tests', command: 'npm test', minutes: 60 },
  { name: 'system', command: 'npm run test:system' },
  { name: 'dashboard', command: 'npm run test:dashboard', minutes: 45 },
  { name: 'containers', command: 'npm run test:containers' },
  { name: 'conformance', command: 'npm run conformance -- --worker typescript --worker python --worker go' },
  { name: 'packages', command: 'npm run test:packages' },
  { name: 'tutorial', command: 'npm run test:tutorial' },
  { name: 'chaos', command: 'CHAOS_JOBS=600 CHAOS_FAULTS=12 CHAOS_TRANSACTIONS=500 npm run test:chaos' },
  { name: 'compose', command: 'npm run test:compose', nightly: true },
  { name: 'postgres', command: 'npm run test:postgres', nightly: true },
  { name: 'faulty-workers', command: 'npm run conformance -- --worker faulty', nightly: true },
  { name: 'fuzz', command: 'npm run test:fuzz', nightly: true },
  {
    name: 'long-chaos',
    command: 'CHAOS_JOBS=5000 CHAOS_FAULTS=40 npm run test:chaos',
    minutes: 90,
    nightly: true,
  },
  { name: 'speed', command: 'npm run bench:gate', nightly: true },
];

/**
 * Returns the stages of these names, in the order of the list. Without names, those that run with every push, or every
 * night.
 *
 * @throws Error when there is no stage of a name.
 */
export function chooseStages(
  all: readonly Stage[],
  { names = [], nightly = false }: { names?: readonly string[]; nightly?: boolean },
): readonly Stage[] {
  const known = all.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no stage ${unknown.join(', ')}: there are ${known.join(', ')}`);
  if (names.length > 0) return all.filter(({ name }) => names.includes(name));
  return all.filter((stage) => (stage.nightly ?? false) === nightly);
}
