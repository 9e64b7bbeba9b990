import { expect, test } from 'vitest';
import { blockOf, withProbes } from './reachProbes.ts';

const source = `const limit = 3;
export function isOver(count: number) {
  if (count > limit) {
    return true;
  }
  return [1].some(() => false);
}
`;

function placeOf(text: string) {
  const start = source.indexOf(text);
  return { start, end: start + text.length };
}

test('each block and the file itself report under the name of what they hold', () => {
  const [file, condition, nested, outside] = ['libs/a/src/over.ts', 'count > limit', 'return true;', 'limit = 3'];
  const inFunction = blockOf(file, source, placeOf(condition));
  const inBranch = blockOf(file, source, placeOf(nested));
  const inFile = blockOf(file, source, placeOf(outside));
  const probed = withProbes(file, source);
  expect(new Set([inFunction, inBranch, inFile]).size).toBe(3);
  expect(probed).toContain(`isOver(count: number) { globalThis.reached?.("${inFunction}");\n  if (`);
  expect(probed).toContain(`{ globalThis.reached?.("${inBranch}");\n    return true;`);
  expect(probed.trim().split('\n').at(-1)).toBe(
    `import './../../../reachRecorder.mjs'; globalThis.reached?.("${inFile}");`,
  );
});

test('an arrow without a block belongs to the one around it', () => {
  const file = 'libs/a/src/over.ts';
  expect(blockOf(file, source, placeOf('false'))).toBe(blockOf(file, source, placeOf('count > limit')));
});
