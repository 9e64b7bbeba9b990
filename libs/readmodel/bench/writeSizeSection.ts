/** Writes the section about size in docs/measurements/benchmarks.md: `node libs/readmodel/bench/writeSizeSection.ts`, from results/size.json. */
import { readFile, writeFile } from 'node:fs/promises';

interface Figure {
  readonly question: string;
  readonly p50: number;
  readonly p99: number;
  readonly blocks?: number;
}

interface Size {
  readonly machine: { readonly cpus: number; readonly load: number; readonly date: string };
  readonly rounds: number;
  readonly results: readonly { readonly jobs: number; readonly figures: readonly Figure[] }[];
}

const BEGIN = '<!-- generated: size -->';
const END = '<!-- end: size -->';
const NUMBERS = new Intl.NumberFormat('en');

const size = JSON.parse(await readFile(new URL('results/size.json', import.meta.url), 'utf8')) as Size;
const page = new URL('../../../docs/measurements/benchmarks.md', import.meta.url);
const text = await readFile(page, 'utf8');
const [before, after] = [text.split(BEGIN)[0] ?? '', text.split(END)[1] ?? ''];
await writeFile(page, `${before}${BEGIN}\n\n${section(size)}\n\n${END}${after}`);

function section({ machine, rounds, results }: Size): string {
  const { cpus, load, date } = machine;
  const heads = results.map(({ jobs }) => NUMBERS.format(jobs));
  const header = ['question', ...heads.map((jobs) => `${jobs} jobs`), 'blocks, largest to smallest', 'p50'];
  const lines = [
    header,
    header.map(() => '---'),
    ...(results[0]?.figures ?? []).map(({ question }) => row(question, results)),
  ];
  const run = `${date}, ${cpus} cores, load average ${load.toFixed(0)}, ${rounds} rounds.`;
  return `${run} Each cell: p50 / p99 in ms; blocks that Postgres looks at.\n\n${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}`;
}

function row(question: string, results: Size['results']): string[] {
  const figures = results.map((result) => result.figures.find((figure) => figure.question === question));
  const cells = figures.map((one) => `${one?.p50} / ${one?.p99}${one?.blocks === undefined ? '' : `; ${one.blocks}`}`);
  const ratio = (of: (figure: Figure) => number | undefined) => {
    const [first, last] = [figures[0], figures.at(-1)].map((figure) => figure && of(figure));
    return first === undefined || last === undefined ? '–' : `${(last / first).toFixed(2)} ×`;
  };
  return [question, ...cells, ratio(({ blocks }) => blocks), ratio(({ p50 }) => p50)];
}
