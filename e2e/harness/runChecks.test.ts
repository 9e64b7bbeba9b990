import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Check, runChecks } from './runChecks.ts';
import { NotInstalledError } from './runInstaller.ts';

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
});

afterEach(() => vi.unstubAllEnvs());

const check = (name: string, run: Check['run'] = () => Promise.resolve()): Check => ({ name, run });
const failing = (name: string) => check(name, () => Promise.reject(new Error(`${name} is red`)));
const lacking = check('lacking', () => Promise.reject(new NotInstalledError('gopher is not installed here')));
const withoutTimes = () => lines.map((line) => line.replace(/\d+\.\d s/, '<n> s'));

test('each check has a line, with its remark or why it failed, and the last line counts them', async () => {
  const remark = check('remarkable', () => Promise.resolve('seen'));
  expect(await runChecks([check('plain'), failing('broken'), remark])).toBe(1);
  expect(withoutTimes()).toEqual([
    'ok      plain (<n> s)',
    'FAILED  broken: broken is red',
    'ok      remarkable: seen (<n> s)',
    '2 passed, 1 failed',
  ]);
});

test('what a check needs and the machine lacks is a reason to skip it, and with CI set a failure', async () => {
  vi.stubEnv('CI', undefined);
  expect(await runChecks([lacking])).toBe(0);
  vi.stubEnv('CI', 'true');
  expect(await runChecks([lacking])).toBe(1);
  expect(lines).toEqual([
    'skipped lacking: gopher is not installed here',
    '0 passed, 0 failed, 1 skipped',
    'FAILED  lacking: gopher is not installed here',
    '0 passed, 1 failed',
  ]);
});

test('where checks depend on those before them, none is run after one that failed', async () => {
  const never = vi.fn<Check['run']>();
  vi.stubEnv('CI', undefined);
  const checks = [lacking, check('first'), failing('second'), check('third', never)];
  expect(await runChecks(checks, { untilFailure: true })).toBe(1);
  expect(never).not.toHaveBeenCalled();
  expect(withoutTimes()).toEqual([
    'skipped lacking: gopher is not installed here',
    'ok      first (<n> s)',
    'FAILED  second: second is red',
    'skipped third: a check before it failed',
    '1 passed, 1 failed, 2 skipped',
  ]);
});

test('what tells why a check failed is written below its line, be it the reason why there is nothing to tell', async () => {
  await runChecks([check('fine'), failing('one')], { evidence: () => Promise.resolve('its log') });
  await runChecks([failing('two')], { evidence: () => Promise.reject(new Error('no log')) });
  expect(withoutTimes()).toEqual([
    'ok      fine (<n> s)',
    'FAILED  one: one is red',
    'its log',
    '1 passed, 1 failed',
    'FAILED  two: two is red',
    'no log',
    '0 passed, 1 failed',
  ]);
});

test('a check that hangs has failed after the limit', async () => {
  const hanging = check('hanging', () => new Promise(() => {}));
  expect(await runChecks([hanging], { limitMs: 10 })).toBe(1);
  expect(lines).toEqual(['FAILED  hanging: it was not done after 0.01 s', '0 passed, 1 failed']);
});
