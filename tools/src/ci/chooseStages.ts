import type { Stage } from './stage.ts';

/** The stages of these names, in their own order; all of them when no name is given. */
export function chooseStages(stages: readonly Stage[], names: readonly string[]): readonly Stage[] {
  const known = stages.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no stage ${unknown.join(', ')}: there are ${known.join(', ')}`);
  return names.length === 0 ? stages : stages.filter(({ name }) => names.includes(name));
}
