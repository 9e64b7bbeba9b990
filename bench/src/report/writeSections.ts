import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';

/** Replaces the generated sections of a page of docs/measurements and formats it. */
export async function writeSections(page: string, sections: Readonly<Record<string, string>>): Promise<void> {
  const file = path.join(repositoryRoot, 'docs/measurements', page);
  let text = await readFile(file, 'utf8');
  for (const [name, section] of Object.entries(sections)) text = replaceSection(text, name, section);
  await writeFile(file, text);
  const prettier = path.join(repositoryRoot, 'node_modules/prettier/bin/prettier.cjs');
  await runCommand(process.execPath, [prettier, '--write', file]);
}

/** Replaces what is between the two comments that mark a section. */
export function replaceSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no section ${name}`);
  return `${page.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${page.slice(to)}`;
}
