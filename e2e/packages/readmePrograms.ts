import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fencedBlocks } from '../docs/fencedBlocks.ts';

/** A program of a README. */
export interface ReadmeProgram {
  /** The path that its first line gives. */
  readonly file: string;
  readonly text: string;
  /** What the page says that it prints: the block right after it. */
  readonly output?: string;
}

const FIRST_LINE = /^(?:#|\/\/) ([\w./]+)\n/;

/** Writes the programs of a page into a folder: its blocks of code in a language that begin with the name of a file. */
export async function writeReadmePrograms(
  page: string,
  language: string,
  folder: string,
): Promise<readonly ReadmeProgram[]> {
  const blocks = fencedBlocks(await readFile(page, 'utf8'));
  const programs = blocks.flatMap((block, index): readonly ReadmeProgram[] => {
    const file = block.language === language ? FIRST_LINE.exec(block.text)?.[1] : undefined;
    if (file === undefined) return [];
    const next = blocks[index + 1];
    const printed = next?.followsAnother === true && next.language === '' ? { output: `${next.text}\n` } : {};
    return [{ file, text: block.text, ...printed }];
  });
  for (const { file, text } of programs) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), `${text}\n`);
  }
  return programs;
}
