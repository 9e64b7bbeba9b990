import type { ArchivedMessage } from './archivedMessage.ts';

/** The job that the subject `jobs.<type>.<id>.<event>` speaks of; undefined for messages about something else. */
export function jobIdOfMessage({ subject }: Pick<ArchivedMessage, 'subject'>): string | undefined {
  const [owner, , jobId] = subject.split('.', 3);
  return owner === 'jobs' ? jobId : undefined;
}
