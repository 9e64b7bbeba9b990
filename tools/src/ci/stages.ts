/** One part of what CI runs. */
export interface Stage {
  readonly name: string;
  /** As one would type it in the root of the repository. */
  readonly command: string;
  /** When it fails, the stages after it do not run. */
  readonly blocking?: boolean;
  /** A stage that takes longer is ended and counts as failed; default 30. */
  readonly minutes?: number;
}

/** All that CI runs, in this order; "CI" in docs/development.md says what each stage is for. */
export const stages: readonly Stage[] = [
  { name: 'checks', command: 'npm run check', blocking: true },
  { name: 'tests', command: 'npm test', minutes: 60 },
  { name: 'dashboard', command: 'npm run test:dashboard', minutes: 20 },
  { name: 'fuzz', command: 'npm run test:fuzz', minutes: 30 },
  { name: 'conformance', command: 'npm run conformance', minutes: 15 },
  { name: 'packages', command: 'npm run test:packages', minutes: 10 },
  { name: 'speed', command: 'npm run bench:gate', minutes: 15 },
  { name: 'chaos', command: 'CHAOS_JOBS=1500 CHAOS_FAULTS=27 npm run test:chaos', minutes: 20 },
  { name: 'containers', command: 'npm run test:containers', minutes: 15 },
  { name: 'compose', command: 'npm run test:compose', minutes: 15 },
  { name: 'tutorial', command: 'npm run test:tutorial', minutes: 20 },
];

/**
 * Returns the stages of these names, in the order of the list; all of them when no name is given.
 *
 * @throws Error when there is no stage of a name.
 */
export function chooseStages(all: readonly Stage[], names: readonly string[]): readonly Stage[] {
  const known = all.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no stage ${unknown.join(', ')}: there are ${known.join(', ')}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
