import { expect, test } from 'vitest';
import { reportText } from './mutantReport.ts';
import type { TriedMutant } from './mutantResults.ts';

const tried = (id: string, kind: 'killed' | 'survived' | 'refused by the compiler'): TriedMutant => ({
  id,
  operator: 'drop-await',
  before: 'await save(a | b)',
  after: 'void save(a | b)',
  verdict: kind === 'killed' ? { kind, by: 'a test' } : { kind },
});

test('the score leaves out mutants that the compiler refuses and those that change nothing', () => {
  const mutants = [
    tried('a', 'killed'),
    tried('b', 'killed'),
    tried('c', 'survived'),
    tried('d', 'survived'),
    tried('e', 'refused by the compiler'),
  ];
  const results = [{ package: 'libs/client', commit: '0123456789', seed: 7, tried: mutants }];
  const text = reportText(results, { d: { kind: 'equivalent', remark: 'nobody waits' } });
  expect(text).toContain('| libs/client | 0123456 | 7 | 4 | 4 | 2 | 1 | 66 % |');
  expect(text).toContain('| c | `await save(a \\| b)` | `void save(a \\| b)` | to be looked at |');
  expect(text).toContain('| d | `await save(a \\| b)` | `void save(a \\| b)` | equivalent: nobody waits |');
  expect(text).not.toContain('| e |');
});
