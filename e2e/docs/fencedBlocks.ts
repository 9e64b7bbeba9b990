/** A fenced block of a page. */
export interface FencedBlock {
  readonly language: string;
  /** The rest of the line that opens it. */
  readonly mark: string;
  readonly text: string;
  /** Nothing but empty lines stands between it and the block before. */
  readonly followsAnother: boolean;
}

const BLOCK = /^( *)```(\S+)?(?: (.+))?\n([\s\S]*?)^ *```$/gm;

/** The fenced blocks of a page of Markdown in their order. */
export function fencedBlocks(page: string): readonly FencedBlock[] {
  let end = 0;
  return [...page.matchAll(BLOCK)].map((match, index) => {
    const [whole, indent = '', language = '', mark = '', body = ''] = match;
    const followsAnother = index > 0 && page.slice(end, match.index).trim() === '';
    end = match.index + whole.length;
    const lines = body.split('\n').map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    return { language, mark, text: lines.join('\n').trimEnd(), followsAnother };
  });
}

/** A command of a page and what the page says that it prints. */
export interface DocumentedCommand {
  readonly command: string;
  readonly output: string;
  /** It goes on until it is ended. */
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
