import { patternOf } from './patternOf.ts';

/**
 * The first line of what a page says that is not in the output, or undefined when all are there in this order. `…` stands for
 * anything; how many spaces there are does not matter. The output may have more lines.
 */
export function missingLine(documented: string, output: string): string | undefined {
  const actual = output.split('\n').map(withoutWidth);
  let next = 0;
  return documented.split('\n').find((line) => {
    const pattern = patternOf(withoutWidth(line));
    const found = actual.findIndex((candidate, index) => index >= next && pattern.test(candidate));
    next = found + 1;
    return found === -1;
  });
}

function withoutWidth(line: string): string {
  return line.replaceAll(/\s+/g, ' ').trim();
}
