import { encodeJobEvent } from '@jobstream/domain';
import { describe, expect, test } from 'vitest';
import { decodeStoredEvent } from './logEntry.ts';
import { eventSubject } from '../streams/jobSubjects.ts';
import { JobScript } from '../../testing/jobScript.ts';

describe('an event', () => {
  const script = new JobScript();
  const created = script.create();
  const text = encodeJobEvent(created);

  test('on its own subject is what its body says', () => {
    expect(decodeStoredEvent(eventSubject(created), text, () => undefined)).toEqual({ kind: 'event', event: created });
  });

  test.each([
    ['another event', `jobs.email.${created.jobId}.completed`],
    ['another type', `jobs.webhook.${created.jobId}.created`],
    ['another job', `jobs.email.${crypto.randomUUID()}.created`],
  ])('on the subject of %s is malformed', (_name, subject) => {
    expect(decodeStoredEvent(subject, text, () => undefined)).toEqual({
      kind: 'malformed',
      reason: `a JobCreated of the email job ${created.jobId} on the subject ${subject}`,
    });
  });
});
