import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format } from 'prettier';
import { readJson, readRemarks, RESULTS_FOLDER } from './mutantResults.ts';
import type { MutantResults, Remarks, TriedMutant } from './mutantResults.ts';
import { isTiming, TIMING_OPERATORS } from './mutationOperators.ts';

/** Writes docs/measurements/mutants.md from the results and from the remarks on survivors in `remarks.json`. */
export async function writeMutantReport(root: string): Promise<void> {
  const folder = path.join(root, RESULTS_FOLDER);
  const remarks = await readRemarks(root);
  const files = globSync('*.json', { cwd: folder }).filter((file) => file !== 'remarks.json');
  const all = await Promise.all(files.toSorted().map((file) => readJson<MutantResults>(path.join(folder, file))));
  const results = all.filter((found) => found !== undefined);
  const text = await format(reportText(results, remarks), { parser: 'markdown', printWidth: 120, proseWrap: 'always' });
  await writeFile(path.join(root, 'docs', 'measurements', 'mutants.md'), text);
}

/** Returns the report as Markdown. */
export function reportText(results: readonly MutantResults[], remarks: Remarks): string {
  const summary = results.map((result) => summaryRow(result, remarks));
  const survivors = results.flatMap(({ tried }) =>
    tried.filter(hasSurvived).map((mutant) => survivorRow(mutant, remarks)),
  );
  return [
    '# Mutants',
    'Small faults that `npm run test:mutants` plants in a copy of the code, one at a time, and what the tests of the package say. ' +
      `Those of time (${TIMING_OPERATORS.join(', ')}) change when something happens, the others what happens; ` +
      'they take turns as long as a package has mutants of time. ' +
      'The first score is that of the nearest test files of the package as they were, the last that with all of them, the tests that were added for ' +
      'survivors and those of other packages; both leave out equivalent mutants, which change nothing that a caller could ' +
      'notice. ' +
      'Places are those of the commit. This page is written by the command; the lists with every mutant and the test that killed it are in ' +
      '[mutants/](mutants/).',
    [
      '| package | commit | seed | mutants | of time | equivalent | killed | first score | killed later | score |',
      '| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: |',
      ...summary,
    ].join('\n'),
    '## Survivors',
    ['| mutant | before | after | remark |', '| --- | --- | --- | --- |', ...survivors].join('\n'),
  ].join('\n\n');
}

function summaryRow({ package: name, commit, seed, tried }: MutantResults, remarks: Remarks): string {
  const counted = tried.filter(({ verdict }) => verdict.kind !== 'refused by the compiler');
  const equivalent = counted.filter(
    ({ id, verdict }) => verdict.kind === 'survived' && remarks[id]?.kind === 'equivalent',
  ).length;
  const killed = counted.filter(({ verdict }) => verdict.kind === 'killed').length;
  const first = counted.filter((mutant) => !hasSurvived(mutant)).length;
  const percent = (part: number) => `${Math.floor((part / (counted.length - equivalent)) * 100)} %`;
  const timing = counted.filter(isTiming).length;
  const numbers = [counted.length, timing, equivalent, first, percent(first), killed - first, percent(killed)];
  return `| ${[name, commit.slice(0, 7), seed, ...numbers].join(' | ')} |`;
}

/** Whether a mutant was not killed at first. */
function hasSurvived({ verdict }: TriedMutant): boolean {
  return verdict.kind === 'survived' || (verdict.kind === 'killed' && verdict.later === true);
}

function survivorRow({ id, before, after, verdict }: TriedMutant, remarks: Remarks): string {
  return `| ${[id, code(before), code(after), remarkOn(verdict, remarks[id])].join(' | ')} |`;
}

function remarkOn(verdict: TriedMutant['verdict'], remark: Remarks[string] | undefined): string {
  if (verdict.kind === 'killed') return `killed later by ${escaped(verdict.by)}`;
  return remark === undefined ? 'to be looked at' : `${remark.kind}: ${escaped(remark.remark)}`;
}

/** A piece of code as a cell of a table, on one line. */
function code(text: string): string {
  const line = escaped(text.replaceAll(/\s+/g, ' '));
  const short = line.length > 80 ? `${line.slice(0, 79)}…` : line;
  return short.includes('`') ? `\`\` ${short} \`\`` : `\`${short}\``;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
