import { expect, test } from 'vitest';
import { ServedVersions } from './servedVersions.ts';

test('the newest version shown is kept until the table has it', () => {
  const served = new ServedVersions();
  expect(served.of('a')).toBe(0);
  served.record({ id: 'a', version: 3 });
  served.record({ id: 'a', version: 2 });
  expect(served.of('a')).toBe(3);
  served.clear('a');
  expect(served.of('a')).toBe(0);
});

test('memory is bounded: the job shown longest ago is evicted first', () => {
  const served = new ServedVersions(2);
  for (const id of ['a', 'b', 'a', 'c']) served.record({ id, version: 1 });
  expect(['a', 'b', 'c'].map((id) => served.of(id))).toEqual([1, 0, 1]);
});
