import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format } from 'prettier';
import { readJson, RESULTS_FOLDER } from './mutantResults.ts';
import type { MutantResults, Remarks, TriedMutant } from './mutantResults.ts';
import { isTiming, TIMING_OPERATORS } from './mutationOperators.ts';
import { score } from './tryMutants.ts';

/** Writes docs/measurements/mutants.md from the results and from the remarks on survivors in `remarks.json`. */
export async function writeMutantReport(root: string): Promise<void> {
  const folder = path.join(root, RESULTS_FOLDER);
  const remarks = (await readJson<Remarks>(path.join(folder, 'remarks.json'))) ?? {};
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
    tried.filter(({ verdict }) => verdict.kind === 'survived').map((mutant) => survivorRow(mutant, remarks)),
  );
  return [
    '# Mutants',
    'Small faults that `npm run test:mutants` plants in a copy of the code, one at a time, and what the tests of the package say. ' +
      `Those of time (${TIMING_OPERATORS.join(', ')}) change when something happens, the others what happens. ` +
      'This page is written by the command; the lists with every mutant and the test that killed it are in ' +
      '[mutants/](mutants/).',
    [
      '| package | commit | seed | mutants | of time | killed | equivalent | score |',
      '| --- | --- | --- | --: | --: | --: | --: | --: |',
      ...summary,
    ].join('\n'),
    '## Survivors',
    ['| mutant | before | after | remark |', '| --- | --- | --- | --- |', ...survivors].join('\n'),
  ].join('\n\n');
}

function summaryRow({ package: name, commit, seed, tried }: MutantResults, remarks: Remarks): string {
  const counted = tried.filter(({ verdict }) => verdict.kind !== 'refused by the compiler');
  const timing = counted.filter(isTiming);
  const killed = counted.filter(({ verdict }) => verdict.kind === 'killed');
  const isEquivalent = (id: string) => remarks[id]?.kind === 'equivalent';
  const equivalent = counted.filter(({ id, verdict }) => verdict.kind === 'survived' && isEquivalent(id));
  const percent = Math.floor(score(tried, isEquivalent) * 100);
  return `| ${[name, commit.slice(0, 7), seed, counted.length, timing.length, killed.length, equivalent.length, `${percent} %`].join(' | ')} |`;
}

function survivorRow({ id, before, after }: TriedMutant, remarks: Remarks): string {
  const remark = remarks[id];
  const words = remark === undefined ? 'to be looked at' : `${remark.kind}: ${remark.remark}`;
  return `| ${[id, code(before), code(after), words].join(' | ')} |`;
}

/** A piece of code as a cell of a table, on one line. */
function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
  return `\`${line.length > 80 ? `${line.slice(0, 79)}…` : line}\``;
}
