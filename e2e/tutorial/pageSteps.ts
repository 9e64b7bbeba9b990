import { fencedBlocks, type FencedBlock } from '../docs/fencedBlocks.ts';

/** A file that a reader writes: a block whose first line is a comment with its name. */
export interface FileStep {
  readonly file: string;
  readonly text: string;
}

/**
 * What a reader types into one of some terminals: a `sh` block. Behind `sh` stands `terminal <n>`, and then `runs on` for
 * what goes on until Ctrl-C, or `exits <code>` for what does not end with 0.
 */
export interface CommandStep {
  readonly terminal: string;
  readonly commands: string;
  readonly runsOn: boolean;
  readonly exitCode: number;
  /** What the page shows of the output: the `text` block right after it. */
  readonly output: string;
}

const MARK = /^terminal (\d)(?: (runs on)| exits (\d+))?$/;
const NAME = /^(?:#|\/\/) ([\w./]+)\n/;

/**
 * Returns what a reader of a page does, in its order.
 *
 * @throws Error when the page has a block that is neither a file, nor a command, nor the output of one.
 */
export function pageSteps(page: string): readonly (FileStep | CommandStep)[] {
  const blocks = fencedBlocks(page);
  return blocks.flatMap((block, index): readonly (FileStep | CommandStep)[] => {
    if (block.language === 'sh') return [commandStep(block, blocks[index + 1])];
    if (block.language === 'text' && block.followsAnother) return [];
    const file = NAME.exec(block.text)?.[1];
    if (file === undefined) throw new Error(`neither a command nor a file with a name:\n${block.text}`);
    return [{ file, text: `${block.text}\n` }];
  });
}

function commandStep({ mark, text }: FencedBlock, next: FencedBlock | undefined): CommandStep {
  const [, terminal, runsOn, exitCode = '0'] = MARK.exec(mark) ?? [];
  if (terminal === undefined) throw new Error(`in which terminal? "sh ${mark}"`);
  const output = next?.language === 'text' && next.followsAnother ? next.text : '';
  return { terminal, commands: text, runsOn: runsOn !== undefined, exitCode: Number(exitCode), output };
}
