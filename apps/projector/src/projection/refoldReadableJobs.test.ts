import { encodeJobEvent } from '@jobstream/domain';
import { eventSubject } from '@jobstream/eventlog';
import { ProjectionFencedError, ReadModelUnavailableError } from '@jobstream/readmodel';
import type { PutAsideEvent, ReadableJob } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import { newJob } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { refoldReadableJobs } from './refoldReadableJobs.ts';

/** Events that can be read now, of as many jobs. */
function putAside(count: number): PutAsideEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const event = newJob();
    const body = new TextEncoder().encode(encodeJobEvent(event));
    return { sequence: index + 1, subject: eventSubject(event), jobId: event.jobId, body };
  });
}

/** Refolds three jobs in a read model that answers with `refold`; returns how many were handed to it each time. */
async function refoldThree(refold: (jobs: readonly ReadableJob[]) => void) {
  const [first, sizes]: [PutAsideEvent[][], number[]] = [[putAside(3)], []];
  const projection = {
    readPutAside: () => Promise.resolve(first.shift() ?? []),
    refold: async (jobs: readonly ReadableJob[]) => {
      sizes.push(jobs.length);
      refold(jobs);
    },
  };
  const eventLog = { readStoredHistory: () => Promise.resolve([]) };
  const logger = createLogger({ service: 'projector', level: 'silent' });
  const ended = refoldReadableJobs({ eventLog, projection, logger, stop: new AbortController().signal });
  return { outcome: await ended.then(() => 'done', String), sizes };
}

test('a job that Postgres refuses keeps no other from being folded anew', async () => {
  const { outcome, sizes } = await refoldThree((jobs) => {
    if (jobs.length > 1) throw new Error('one of them is refused');
  });
  expect({ outcome, sizes }).toEqual({ outcome: 'done', sizes: [3, 2, 1, 1, 1] });
});

test.each([new ReadModelUnavailableError('gone'), new ProjectionFencedError('jobs', 7)])(
  '%s ends it, since no smaller batch would help',
  async (error) => {
    const { outcome, sizes } = await refoldThree(() => {
      throw error;
    });
    expect({ outcome, sizes }).toEqual({ outcome: String(error), sizes: [3] });
  },
);
