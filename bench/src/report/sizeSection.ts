import { table, whole } from './format.ts';

export interface SizeFigure {
  readonly question: string;
  /** ms. */
  readonly p50: number;
  readonly p99: number;
  /** Blocks of 8 KB that Postgres reads; undefined where they were not counted. */
  readonly blocks?: number;
}

export interface SizeResults {
  readonly machine: { readonly cpus: number; readonly load: number; readonly date: string };
  readonly rounds: number;
  readonly results: readonly { readonly jobs: number; readonly figures: readonly SizeFigure[] }[];
}

/** How the size of the table shows, as a table. */
export function sizeSection({ machine, rounds, results }: SizeResults): string {
  const { cpus, load, date } = machine;
  const heads = results.map(({ jobs }) => `${whole(jobs)} jobs`);
  const rows = (results[0]?.figures ?? []).map(({ question }) => row(question, results));
  const run = `${date}, ${cpus} cores, load average ${load.toFixed(0)}, ${rounds} rounds.`;
  const explained = 'Each cell: p50 / p99 in ms; blocks that Postgres looks at.';
  return `${run} ${explained}\n\n${table(['question', ...heads, 'blocks, largest to smallest', 'p50'], rows)}`;
}

function row(question: string, results: SizeResults['results']): string[] {
  const figures = results.map((result) => result.figures.find((figure) => figure.question === question));
  const cells = figures.map((one) => `${one?.p50} / ${one?.p99}${one?.blocks === undefined ? '' : `; ${one.blocks}`}`);
  const ratio = (of: (figure: SizeFigure) => number | undefined) => {
    const [first, last] = [figures[0], figures.at(-1)].map((figure) => figure && of(figure));
    return first === undefined || last === undefined ? '–' : `${(last / first).toFixed(2)} ×`;
  };
  return [question, ...cells, ratio(({ blocks }) => blocks), ratio(({ p50 }) => p50)];
}
