import { expect, test } from 'vitest';
import { UsageError } from '../tasks/parseTaskArguments.ts';
import { rebuildArguments } from './runRebuild.ts';

test('without arguments the tables are rebuilt', () => {
  expect(rebuildArguments([])).toEqual({ action: 'rebuild', force: false, except: [] });
});

test('what may differ is named or forced', () => {
  expect(rebuildArguments(['--except', 'tenant,worker', '--force'])).toEqual({
    action: 'rebuild',
    force: true,
    except: ['tenant', 'worker'],
  });
});

test.each(['rollback', 'cancel', 'drop-old', 'past'] as const)('--%s is asked for alone', (action) => {
  expect(rebuildArguments([`--${action}`])).toMatchObject({ action });
  expect(() => rebuildArguments([`--${action}`, '--force'])).toThrow(UsageError);
});

test('what makes no sense is refused with what would', () => {
  expect(() => rebuildArguments(['--rollback', '--cancel'])).toThrow('--rollback and --cancel exclude each other');
  expect(() => rebuildArguments(['--faster'])).toThrow(/'--faster'; usage: npm run rebuild/);
});
