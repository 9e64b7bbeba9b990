import { EXPECTED_FILTER, EXPECTED_SEQUENCE } from '../connection/headers.ts';
import { jobFilter, jobIdOfSubject, tokenIndex } from '../streams/jobSubjects.ts';

/** What the writer of a stored message expected of the server, which stored it because that was so. */
export interface StoredExpectation {
  /** The last sequence on the filter, 0 for none. Undefined if the writer expected nothing. */
  readonly sequence: number | undefined;
  /** Undefined for the subject of the message itself. */
  readonly filter: string | undefined;
}

/** The token of JobCreated, the one event that may be compared with its own subject. */
const CREATED = 'created';
const IS_SEQUENCE = /^\d{1,15}$/;

/** Reads the expectation of a message from the headers that its writer sent. */
export function expectationOf(header: (name: string) => string | undefined): StoredExpectation {
  const sequence = header(EXPECTED_SEQUENCE) ?? '';
  return { sequence: IS_SEQUENCE.test(sequence) ? Number(sequence) : undefined, filter: header(EXPECTED_FILTER) };
}

/** Returns what the header of this name said, if the expectation was made of it. */
export function headerOfExpectation({ sequence, filter }: StoredExpectation, name: string): string | undefined {
  if (name === EXPECTED_SEQUENCE) return sequence?.toString();
  return name === EXPECTED_FILTER ? filter : undefined;
}

/**
 * Returns the sequence of the job's message before this one, 0 for the job's first. Undefined if the server has not checked
 * that: a writer that does not keep to the protocol expected nothing, or something of other subjects.
 *
 * A creation may be compared with its own subject, on which it is then the first; other events may not, since there may be
 * messages on the job's other subjects in between.
 */
export function previousOfJob(subject: string, { sequence, filter }: StoredExpectation): number | undefined {
  const token = tokenIndex(subject);
  if (filter === undefined) return sequence === 0 && subject.startsWith(CREATED, token) ? 0 : undefined;
  // Compared in place: this is asked of every message.
  const isOfJob = filter.length === token + 1 && filter.endsWith('>') && subject.startsWith(filter.slice(0, token));
  return isOfJob || filter === jobFilter(jobIdOfSubject(subject)) ? sequence : undefined;
}
