import { type AuditRecord, ReadModelUnavailableError } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import { expect, test } from 'vitest';
import { AuditTrail } from './auditTrail.ts';

const begun: AuditRecord = {
  id: '01900000-0000-7000-8000-000000000001',
  at: '2026-11-28T03:12:00.000Z',
  actor: { kind: 'api', id: 'key' },
  action: 'job.cancel',
  subjectKind: 'job',
  outcome: 'unknown',
};

test('an outcome that is kept during an outage is not replaced by the record of before the change, which fails later', async () => {
  const failures: (() => void)[] = [];
  const written: string[] = [];
  let isAvailable = false;
  const log = {
    write: async ({ outcome }: AuditRecord) => {
      if (isAvailable) return void written.push(outcome);
      await new Promise<void>((_resolve, reject) => {
        failures.push(() => reject(new ReadModelUnavailableError('the connection was lost')));
      });
    },
    removeOld: async () => 0,
  };
  const trail = new AuditTrail({
    log,
    retentionMs: 0,
    requiredMs: 2_000,
    logger: createLogger({ service: 'api', level: 'silent' }),
  });
  const before = trail.begin(begun, false);
  trail.finish({ ...begun, outcome: 'succeeded' });
  for (const fail of failures.toReversed()) fail();
  await before;
  isAvailable = true;
  await trail.stop();
  expect(written).toEqual(['succeeded']);
});
