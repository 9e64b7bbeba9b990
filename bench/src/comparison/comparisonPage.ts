import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { format, resolveConfig } from 'prettier';
import { bytesFigure, table } from '../report/format.ts';
import { replaceSection } from '../report/writeSections.ts';
import { readResults } from '../results.ts';
import { comparedSystems, countLines, programText, type ComparedSystem, type ProgramFile } from './comparedSystem.ts';
import type { ApiAnswer } from './comparedServers.ts';
import type { Footprint } from './userProject.ts';
import type { ImportTime, ImportTimes } from './measureImports.ts';
import type { ComparisonResults, SystemResults } from './compareSystems.ts';

/** The page that compares the programs. */
export const comparisonPage = path.join(repositoryRoot, 'docs/comparison.md');

const TITLES: Readonly<Record<ProgramFile, string>> = {
  'thumbnail.ts': 'The definition, which both import:',
  'worker.ts': 'The worker:',
  'producer.ts': 'The producer:',
};

/** Writes the programs, their counts and the last figures into the page. */
export async function writeComparisonPage(): Promise<void> {
  await writeFile(comparisonPage, await renderComparisonPage(await readFile(comparisonPage, 'utf8')));
}

/** Returns the page with its sections made anew from the programs and from the last results. */
export async function renderComparisonPage(page: string): Promise<string> {
  const results = await readResults<ComparisonResults>('comparison', false);
  const sections = {
    lines: linesSection(),
    programs: comparedSystems.map(programsOf).join('\n\n'),
    ...(results === undefined ? {} : { runs: runsSection(results), costs: costsSection(results) }),
  };
  const entries = Object.entries(sections);
  const text = entries.reduce((rest, [name, section]) => replaceSection(rest, name, section), page);
  return format(text, { ...(await resolveConfig(comparisonPage)), parser: 'markdown' });
}

function linesSection(): string {
  const rows = comparedSystems.map((system) => {
    const lines = (['thumbnail.ts', 'worker.ts', 'producer.ts'] as const).map((file) =>
      system.files.includes(file) ? countLines(programText(system, file)) : 0,
    );
    const sum = lines.reduce((total, count) => total + count, 0);
    return [system.name, ...lines.map((count) => (count === 0 ? '–' : String(count))), String(sum)];
  });
  return table(['', 'shared definition', 'worker', 'producer', 'in all'], rows);
}

function programsOf(system: ComparedSystem): string {
  const files = system.files.map((file) => `${TITLES[file]}\n\n\`\`\`ts\n${programText(system, file)}\`\`\``);
  const needs = `\`npm install ${system.packages.join(' ')}\`; needs ${system.infrastructure}.`;
  return [`### ${system.name}`, needs, ...files].join('\n\n');
}

function runsSection({ systems }: ComparisonResults): string {
  const rows = comparedSystems.flatMap(({ id, name }) => {
    const runs = systems[id]?.runs ?? [];
    if (runs.length === 0) return [[name, 'not run', '', '', '', '', '']];
    return runs.map((run) => [
      name,
      run.node,
      `\`${JSON.stringify(run.result)}\``,
      run.keepsEarlierJobs ? 'done' : 'not done',
      wrongPayload(run.wrongPayload),
      wrongRequest(run.wrongRequest),
      run.afterSigterm === 0 ? 'exit code 0' : String(run.afterSigterm),
    ]);
  });
  const head = ['', 'Node', 'result', 'earlier job', 'wrong payload', 'wrong request', 'worker after SIGTERM'];
  return table(head, rows);
}

function wrongRequest(answer: ApiAnswer | undefined): string {
  return answer === undefined
    ? '–'
    : `${answer.status}, ${answer.pointers.map((pointer) => `\`${pointer}\``).join(', ')}`;
}

function wrongPayload({ compiles, enqueues }: SystemResults['runs'][number]['wrongPayload']): string {
  return `${compiles ? 'compiles' : 'does not compile'}, ${enqueues ? 'is enqueued' : 'is refused'}`;
}

function costsSection({ systems, date, cores, processor, load, node, rounds }: ComparisonResults): string {
  const rows = comparedSystems.flatMap((system) => {
    const { footprint, imports } = systems[system.id] ?? {};
    if (footprint === undefined || imports === undefined) return [];
    return [
      [system.name, ...footprintCells(footprint, system), workerCell(imports, system), importTime(imports.producer)],
    ];
  });
  const circumstances =
    `${date}, Node ${node}, ${cores} cores (${processor}), load average ${load.toFixed(1)} at the end; ` +
    `medians of ${rounds} rounds through all systems in turn. Each time is that of the processor, and after it that of the clock.`;
  return `${circumstances}\n\n${table(['', 'packages', 'bytes on disk', 'imports of the worker', 'of the producer'], rows)}`;
}

function footprintCells({ packages, bytes, replaceableBytes }: Footprint, { replaceable }: ComparedSystem): string[] {
  if (replaceable === undefined) return [String(packages), bytesFigure(bytes)];
  return [
    `${packages}; ${packages - 1} without ${replaceable}`,
    `${bytesFigure(bytes)}; ${bytesFigure(bytes - replaceableBytes)}`,
  ];
}

function workerCell(imports: ImportTimes, { replaceable, importedLater }: ComparedSystem): string {
  const cell = importTime(imports.worker);
  if (replaceable !== undefined) return `${cell}; ${importTime(imports.bareWorker)} without ${replaceable}`;
  if (importedLater !== undefined) return `${cell}; ${importTime(imports.connectedWorker)} when it connects`;
  return cell;
}

function importTime({ cpu, elapsed }: ImportTime): string {
  return `${cpu.toFixed(0)} / ${elapsed.toFixed(0)} ms`;
}
