import path from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

interface Place {
  readonly start: number;
  readonly end: number;
}

/** The module in the copy of the repository that each probed file imports; it keeps what was reached in a file beside it. */
export const RECORDER = 'reachRecorder.mjs';

/** Returns a module that writes each block that runs to a file, in whatever process, once. */
export function recorderOf(reachedFile: string): string {
  return `import { appendFileSync } from 'node:fs';
const seen = new Set();
globalThis.reached = (block) => {
  if (seen.has(block)) return;
  seen.add(block);
  appendFileSync(${JSON.stringify(reachedFile)}, block + '\\n');
};
`;
}

/** Returns the source of a file with a call at the beginning of each block, and at its end, that reports it as reached. */
export function withProbes(file: string, source: string): string {
  let probed = source;
  for (const { start } of blocksOf(file, source).toReversed()) {
    probed = `${probed.slice(0, start + 1)} ${probe(file, start + 1)}${probed.slice(start + 1)}`;
  }
  const recorder = path.posix.relative(path.posix.dirname(file), RECORDER);
  return `${probed}\nimport './${recorder}'; ${probe(file, 0)}\n`;
}

/** Names the innermost block that holds a place, as its probe does; what no block holds is reached when the file is loaded. */
export function blockOf(file: string, source: string, place: Place): string {
  const holding = blocksOf(file, source).filter(({ start, end }) => start < place.start && place.end < end);
  const innermost = holding.at(-1);
  return name(file, innermost === undefined ? 0 : innermost.start + 1);
}

/** Returns the blocks of a source file, outer ones before those in them. */
function blocksOf(file: string, source: string): Place[] {
  const blocks: Place[] = [];
  new Visitor({ BlockStatement: ({ start, end }) => void blocks.push({ start, end }) }).visit(
    parseSync(file, source).program,
  );
  return blocks.toSorted((left, right) => left.start - right.start);
}

function probe(file: string, offset: number): string {
  return `globalThis.reached?.(${JSON.stringify(name(file, offset))});`;
}

function name(file: string, offset: number): string {
  return `${file}:${offset}`;
}
