import { encodeJobEvent } from '@jobstream/domain';
import { describe, expect, test } from 'vitest';
import { decodeStoredEvent } from './logEntry.ts';
import { eventSubject } from '../streams/jobSubjects.ts';
import { JobScript } from '../../testing/jobScript.ts';

/** The headers of a message whose writer expected this sequence on its own subject. */
const expecting = (sequence: string | undefined) => (name: string) =>
  name === 'Nats-Expected-Last-Subject-Sequence' ? sequence : undefined;

describe('an event', () => {
  const script = new JobScript();
  const created = script.create();
  const text = encodeJobEvent(created);

  test('on its own subject is what its body says', () => {
    expect(decodeStoredEvent(eventSubject(created), text, expecting('0'))).toEqual({ kind: 'event', event: created });
    const started = script.start();
    const decoded = decodeStoredEvent(eventSubject(started), encodeJobEvent(started), () => undefined);
    expect(decoded).toEqual({ kind: 'event', event: started });
  });

  test.each([undefined, '1', '-1', 'none'])('that creates a job and expects %s is malformed', (expected) => {
    expect(decodeStoredEvent(eventSubject(created), text, expecting(expected))).toMatchObject({ kind: 'malformed' });
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
