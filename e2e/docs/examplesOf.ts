import { fencedBlocks } from './fencedBlocks.ts';

/**
 * A `sh` block of a page. What stands behind `sh` says how it is to be run: nothing for commands that succeed, a status
 * for requests that are refused with it, `follow` for feeds, which go on until they are ended, `terminal <n>` for what a
 * reader types in an empty folder, which `e2e/tutorial` runs, and `no-run: <reason>`.
 */
export interface Example {
  readonly commands: string;
  readonly refusedWith?: number;
  readonly endless: boolean;
  readonly reasonNotToRun?: string;
  /** What the page shows as its answer: the block right after it, unless that says that it shows something else. */
  readonly answer?: string;
}

const MARK = /^(?:(\d{3})|(follow)|(?:no-run: |(?=terminal \d))(.+))?$/;

/** The examples of a page in their order. */
export function examplesOf(page: string): readonly Example[] {
  const blocks = fencedBlocks(page);
  return blocks.flatMap((block, index) => {
    if (block.language !== 'sh') return [];
    const [matched, status, endless, reason] = MARK.exec(block.mark) ?? [];
    if (matched === undefined) throw new Error(`what does "sh ${block.mark}" mean?`);
    const next = blocks[index + 1];
    return [
      {
        commands: block.text,
        endless: endless !== undefined,
        ...(status === undefined ? {} : { refusedWith: Number(status) }),
        ...(reason === undefined ? {} : { reasonNotToRun: reason }),
        ...(next?.followsAnother === true && next.language !== 'sh' && next.mark === '' ? { answer: next.text } : {}),
      },
    ];
  });
}
