import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';

test('eventually returns the result of the first success', async () => {
  let calls = 0;
  const result = await eventually(async () => {
    calls += 1;
    expect(calls).toBe(3);
    return calls;
  });
  expect(result).toBe(3);
});

test('eventually rejects with the last failure after the timeout', async () => {
  let calls = 0;
  const failing = eventually(() => expect(`call ${(calls += 1)}`).toBe('success'), { timeoutMs: 50, intervalMs: 5 });
  await expect(failing).rejects.toThrow(/expected 'call \d+' to be 'success'/);
});
