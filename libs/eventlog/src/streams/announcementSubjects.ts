/** Returns a worker's name as a token of a subject: every character outside `[A-Za-z0-9_-]` becomes `-`. */
export function workerToken(worker: string): string {
  return worker.replaceAll(/[^A-Za-z0-9_-]/gu, '-');
}

/** Returns the subject of a worker's heartbeats: `workers.<worker>`. */
export function heartbeatSubject(worker: string): string {
  return `workers.${workerToken(worker)}`;
}

/** Returns the subject on which a worker announces a job type: `types.<type>.<worker>`. */
export function announcementSubject(type: string, worker: string): string {
  return `types.${type}.${workerToken(worker)}`;
}

/** Returns the filter of everything about a job type in the stream TYPES. */
export function typeFilter(type: string): string {
  return `types.${type}.*`;
}

/** Returns the filter of all announcements of a worker. */
export function workerFilter(worker: string): string {
  return `types.*.${workerToken(worker)}`;
}

/** The last token of the subject of an operator's settings of a job type. No worker's token has a `$`. */
export const SETTINGS_TOKEN = '$settings';

/** The last token of the subject of the definition that holds for a job type. */
export const DEFINITION_TOKEN = '$definition';

/** The second token of the subject that reports the removal of a worker. No job type has a `$`. */
export const REMOVED_TOKEN = '$removed';

/** Returns the subject of an operator's settings of a job type. */
export function settingsSubject(type: string): string {
  return `types.${type}.${SETTINGS_TOKEN}`;
}

/** Returns the subject that reports the removal of a worker. */
export function workerRemovedSubject(worker: string): string {
  return `types.${REMOVED_TOKEN}.${workerToken(worker)}`;
}

/** Returns the subject of the definition that holds for a job type. */
export function definitionSubject(type: string): string {
  return `types.${type}.${DEFINITION_TOKEN}`;
}

/** The filter of what is announced of all job types. */
export const EVERY_ANNOUNCEMENT = 'types.*.*';

/** Returns the job type of the subject of an announcement; none for one of an operator. */
export function announcedTypeOf(subject: string): readonly string[] {
  const [, type = '', token] = subject.split('.');
  return type === REMOVED_TOKEN || token === SETTINGS_TOKEN || token === DEFINITION_TOKEN ? [] : [type];
}
