import { expect, test } from 'vitest';
import { judge, type Measured, REPEATS, TOLERANCE } from './measureCheck.ts';

const REFERENCE = 2;
const LIMIT = REFERENCE * TOLERANCE;
const NOTHING = { process: 0, server: 0 };

function measuring(...ratios: number[]): () => Promise<Measured> {
  return () => {
    const ratio = ratios.shift();
    if (ratio === undefined) throw new Error('measured more often than expected');
    return Promise.resolve({ ours: NOTHING, baseline: NOTHING, ratio });
  };
}

test('a ratio up to the limit passes, and is measured once', async () => {
  expect(await judge(measuring(LIMIT), REFERENCE)).toMatchObject({ passed: true, repeats: 1, best: { ratio: LIMIT } });
  expect(await judge(measuring(0.1), REFERENCE)).toMatchObject({ passed: true, repeats: 1 });
});

test('a ratio above the limit passes when a repeat is within it', async () => {
  expect(await judge(measuring(9, 2.1), REFERENCE)).toMatchObject({ passed: true, repeats: 2, best: { ratio: 2.1 } });
  expect(await judge(measuring(9, 8, LIMIT), REFERENCE)).toMatchObject({ passed: true, repeats: 3 });
});

test('a ratio above the limit in every repeat fails with the best of them', async () => {
  const worse = LIMIT + 0.01;
  const verdict = await judge(measuring(4, worse, 3), REFERENCE);
  expect(verdict).toMatchObject({ passed: false, repeats: REPEATS, best: { ratio: worse } });
});

test('a ratio that is not a number is measured again', async () => {
  expect(await judge(measuring(Number.NaN, 2), REFERENCE)).toMatchObject({ passed: true, best: { ratio: 2 } });
});

test('a check fails without a reference and when every ratio is not a number', async () => {
  const nan = Number.NaN;
  expect(await judge(measuring(nan, nan, nan), REFERENCE)).toMatchObject({ passed: false });
  expect(await judge(measuring(1, 1, 1), 0)).toMatchObject({ passed: false });
});
