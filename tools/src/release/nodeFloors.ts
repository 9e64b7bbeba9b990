/**
 * The oldest Node that each package runs on, and a clone. The `engines` of the packages, the check of the command line before it
 * begins, and that of `doctor` are made from them; `tools/house/nodeFloors.test.ts` compares what the documents say.
 */
export const nodeFloors = {
  '@jobstream/client': '20.19.0',
  '@jobstream/worker': '22.12.0',
  '@jobstream/testing': '22.12.0',
  '@jobstream/server': '22.12.0',
  /** That of the server too, which it starts with its own Node. */
  jobstream: '22.12.0',
  /** The tests of a clone remove their folders with `mkdtempDisposable`. */
  clone: '24.4.0',
} as const;

/** The oldest Node that runs TypeScript files without a flag, as the handlers and producers of the documents are. */
export const nodeOfTypeScript = '22.18.0';

/** How people write a floor: `22.12.0` as `22.12`. */
export function spokenFloor(floor: string): string {
  return floor.replace(/(?:\.0)+$/u, '');
}
