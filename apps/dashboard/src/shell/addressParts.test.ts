import { expect, test } from 'vitest';
import { readAuditSearch } from '../audit/auditSearch.ts';
import { readFailureSearch } from '../failures/failureSearch.ts';
import { readJobSearch } from '../jobs/jobSearch.ts';
import { readPastSearch } from '../past/pastSearch.ts';
import { type Address, leftOut, only } from './addressParts.ts';

const [past, jobs, failures, audit] = [
  only(readPastSearch),
  only(readJobSearch),
  only(readFailureSearch),
  only(readAuditSearch),
];
const asOf = '2026-01-31T03:12:00Z';

test.each([
  [past, { asOf: 'xx' }, ['asOf=xx']],
  [past, { asOf: 12 }, ['asOf=12']],
  [past, { asOf, colour: 'blue' }, ['colour=blue']],
  [jobs, { status: ['failed', 'bogus'] }, ['status=bogus']],
  [jobs, { sort: 'evil' }, ['sort=evil']],
  [jobs, { sort: 'newest', tag: 42 }, []],
  [jobs, { createdAfter: 'yesterday', createdBefore: '-15m', finishedAfter: asOf }, ['createdAfter=yesterday']],
  [jobs, { failure: 'none', type: 'A B', rerunOf: 'x' }, ['failure=none', 'type=A B', 'rerunOf=x']],
  [jobs, { search: ['x', 'to=a', 'n>=1', 'name^=b'], worker: '' }, ['search=x', 'worker=']],
  [jobs, { asOf, errorName: 'Error', sort: 'oldest', type: 'email' }, ['errorName=Error', 'sort=oldest']],
  [failures, { window: '1w', type: 'email' }, ['window=1w']],
  [failures, { window: '24h' }, []],
  [failures, { sort: 'lastFinished' }, ['sort=lastFinished']],
  [failures, { show: 'evil' }, ['show=evil']],
  [failures, { show: 'dead-letters', type: 'A B', sort: 'evil' }, ['type=A B', 'sort=evil']],
  [failures, { show: 'dead-letters', type: 'email', sort: 'lastFinished' }, []],
  [failures, { show: 'dead-letters', window: '1w' }, ['window=1w']],
  [audit, { outcome: 'odd', from: 'never', to: asOf, subjectId: 42 }, ['outcome=odd', 'from=never']],
  [audit, { filter: { a: 1 } }, ['filter={"a":1}']],
] as const satisfies readonly [(address: Address) => object, Address, readonly string[]][])(
  '%o takes of %j all but %j, which the view does not see',
  (validate, address, parts) => {
    const taken = validate(address);
    expect(leftOut(address, taken as Address)).toEqual(parts);
    const names = parts.map((part) => part.slice(0, part.indexOf('=')));
    expect(JSON.stringify(taken)).not.toMatch(/bogus|evil|xx|yesterday|none|1w|odd|never|blue/);
    expect(names.every((name) => name in taken)).toBe(true);
  },
);
