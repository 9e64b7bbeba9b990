/** How many cores other processes may keep busy beside a figure that a target is judged by. */
export const MOST_OTHER_CORES = 0.1;

interface Loaded {
  readonly otherCores?: number | undefined;
}

/** The highest load beside some runs, in cores; undefined where none says it. */
export function otherCoresOf(runs: readonly Loaded[]): number | undefined {
  const known = runs.map(({ otherCores }) => otherCores).filter((cores) => cores !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** A load as a cell of a table, marked where it is too high; a dash where it is not known. */
export function loadCell(otherCores: number | undefined): string {
  if (otherCores === undefined) return '–';
  return isLoaded(otherCores) ? `**${otherCores.toFixed(2)}**` : otherCores.toFixed(2);
}

export function isLoaded(otherCores: number | undefined): boolean {
  return otherCores !== undefined && !(otherCores <= MOST_OTHER_CORES);
}
