import { isJobId } from '@jobstream/domain';
import { expect, test } from 'vitest';
import { newId } from './newId.ts';

test('an id is a UUID of version 7 with the present time, and none is like another', () => {
  const before = Date.now();
  const ids = Array.from({ length: 1_000 }, newId);
  const after = Date.now();
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(id).toSatisfy(isJobId);
    expect(id).toMatch(/^.{14}7.{4}[89ab]/);
    const at = Number.parseInt(id.slice(0, 13).replace('-', ''), 16);
    expect(at >= before && at <= after).toBe(true);
  }
});
