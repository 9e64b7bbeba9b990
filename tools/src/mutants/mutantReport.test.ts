import { expect, test } from 'vitest';
import { reportText } from './mutantReport.ts';
import type { TriedMutant, Verdict } from './mutantResults.ts';

const tried = (id: string, verdict: Verdict): TriedMutant => ({
  id,
  operator: 'drop-await',
  before: 'await save(a | b)',
  after: 'void save(a | b)',
  verdict,
});

test('the scores leave out mutants that the compiler refuses and those that change nothing', () => {
  const mutants = [
    tried('a', { kind: 'killed', by: 'a test' }),
    tried('b', { kind: 'killed', by: 'a new test', later: true }),
    tried('c', { kind: 'survived' }),
    tried('d', { kind: 'survived' }),
    tried('e', { kind: 'refused by the compiler' }),
  ];
  const results = [{ package: 'libs/client', commit: '0123456789', seed: 7, tried: mutants }];
  const text = reportText(results, { d: { kind: 'equivalent', remark: 'nobody waits' } });
  expect(text).toContain('| libs/client | 0123456 | 7 | 4 | 4 | 1 | 1 | 33 % | 1 | 66 % |');
  const code = '`await save(a \\| b)` | `void save(a \\| b)`';
  expect(text).toContain(`| b | ${code} | killed later by a new test |`);
  expect(text).toContain(`| c | ${code} | to be looked at |`);
  expect(text).toContain(`| d | ${code} | equivalent: nobody waits |`);
  expect(text).not.toMatch(/^\| [ae] \|/m);
});

test('code with backticks stays code', () => {
  const survivor = { ...tried('a', { kind: 'survived' }), before: 'stop(`a`)' };
  const text = reportText([{ package: 'libs/client', commit: '0123456789', seed: 7, tried: [survivor] }], {});
  expect(text).toContain('| a | `` stop(`a`) `` |');
});
