import { fencedBlocks } from './fencedBlocks.ts';

/** A command of a page and what the page says that it prints. */
export interface DocumentedCommand {
  readonly command: string;
  readonly output: string;
  /** It goes on until somebody ends it. */
  readonly endless: boolean;
}

/** The `sh` blocks of a page in their order, each with the `text` block that must follow it. */
export function documentedCommands(page: string): readonly DocumentedCommand[] {
  const blocks = fencedBlocks(page);
  return blocks.flatMap((block, index) => {
    if (block.language !== 'sh') return [];
    const output = blocks[index + 1];
    if (output?.language !== 'text') throw new Error(`no output follows the command: ${block.text}`);
    return [{ command: block.text, output: output.text, endless: block.mark === 'follow' }];
  });
}
