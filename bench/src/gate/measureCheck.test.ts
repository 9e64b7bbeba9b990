import { expect, test } from 'vitest';
import { judge, type Measured, REPEATS, TOLERANCE, UNLIKE } from './measureCheck.ts';

const REFERENCE = measured(2, 10);
const LIMIT = REFERENCE.ratio * TOLERANCE;

function measured(ratio: number, baseline: number): Measured {
  return { ours: { process: ratio * baseline, server: 0 }, baseline: { process: baseline, server: 0 }, ratio };
}

function measuring(...ratios: number[]): () => Promise<Measured> {
  return measuringAll(ratios.map((ratio) => measured(ratio, 10 * UNLIKE)));
}

function measuringAll(measurements: Measured[]): () => Promise<Measured> {
  return () => {
    const next = measurements.shift();
    return next === undefined ? Promise.reject(new Error('measured more often than expected')) : Promise.resolve(next);
  };
}

test('a ratio up to the limit passes, and is measured once', async () => {
  expect(await judge(measuring(LIMIT), REFERENCE)).toMatchObject({ outcome: 'ok', repeats: 1, best: { ratio: LIMIT } });
  expect(await judge(measuring(0.1), REFERENCE)).toMatchObject({ outcome: 'ok', repeats: 1 });
});

test('a ratio above the limit passes when a repeat is within it', async () => {
  expect(await judge(measuring(9, 2.1), REFERENCE)).toMatchObject({ outcome: 'ok', repeats: 2, best: { ratio: 2.1 } });
  expect(await judge(measuring(9, 8, LIMIT), REFERENCE)).toMatchObject({ outcome: 'ok', repeats: 3 });
});

test('a ratio above the limit in every repeat fails with the best of them', async () => {
  const worse = LIMIT + 0.01;
  const verdict = await judge(measuring(4, worse, 3), REFERENCE);
  expect(verdict).toMatchObject({ outcome: 'worse', repeats: REPEATS, best: { ratio: worse } });
});

test('a ratio that is not a number is measured again', async () => {
  expect(await judge(measuring(Number.NaN, 2), REFERENCE)).toMatchObject({ outcome: 'ok', best: { ratio: 2 } });
});

test('a check fails without a reference and when every ratio is not a number', async () => {
  const nan = Number.NaN;
  expect(await judge(measuring(nan, nan, nan), REFERENCE)).toMatchObject({ outcome: 'worse' });
  expect(await judge(measuring(1, 1, 1), undefined)).toMatchObject({ outcome: 'worse' });
});

test('where the baseline costs far more than for the reference, a worse ratio is not judged', async () => {
  const slow = measured(9, 10 * UNLIKE + 1);
  expect(await judge(measuringAll([slow]), REFERENCE)).toEqual({ best: slow, repeats: 1, outcome: 'unlike' });
  const fine = measured(LIMIT, 10 * UNLIKE + 1);
  expect(await judge(measuringAll([fine]), REFERENCE)).toMatchObject({ outcome: 'ok' });
  const faster = measured(8, 10 * UNLIKE + 1);
  const judged = await judge(measuringAll([measured(9, 10), faster]), REFERENCE);
  expect(judged).toEqual({ best: faster, repeats: 2, outcome: 'unlike' });
});
