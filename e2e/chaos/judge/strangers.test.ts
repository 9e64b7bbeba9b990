import { expect, test } from 'vitest';
import type { RawMessage } from '../../harness/rawLog.ts';
import { correctRun } from './correctRun.ts';
import { judge } from './judge.ts';

type Run = ReturnType<typeof correctRun>;

/** What the judge says of a run of one server after it was changed: rule and job of each violation. */
function verdictOn(change: (run: Run) => void): string[] {
  const run = correctRun();
  run.copies = [];
  change(run);
  return [...new Set(judge(run).violations.map(({ rule, jobId }) => [rule, jobId].join(' ').trim()))];
}

const eventsOf = (run: Run, id: string) =>
  run.messages.filter(({ subject, headers }) => subject.includes(`.${id}.`) && headers['stranger'] === undefined);

/** Adds a message to the end of the log; returns its sequence. */
function add(run: Run, message: Omit<RawMessage, 'sequence'>): number {
  run.lastSequence = run.messages.length + 1;
  run.messages.push({ ...message, sequence: run.lastSequence });
  return run.lastSequence;
}

/** Adds what the stranger makes of the last event of a job, on its subject; returns its sequence. */
function addJunk(run: Run, id: string, bodyOf: (body: string) => string): number {
  const copied = eventsOf(run, id).at(-1) as RawMessage;
  return add(run, { ...copied, headers: { stranger: 'copy' }, body: bodyOf(copied.body) });
}

/** Adds the cancellation of a job, which expects a message to be the last one of the job. */
function addCancellation(run: Run, id: string, expected: number): void {
  const last = eventsOf(run, id).at(-1) as RawMessage;
  const { version, ...event } = JSON.parse(last.body) as { version: number };
  const body = JSON.stringify({ ...event, event: 'JobCancelled', id: 'c', version: version + 1, data: {} });
  const [, type] = last.subject.split('.');
  add(run, {
    ...last,
    subject: `jobs.${type}.${id}.cancelled`,
    body,
    headers: { ...last.headers, 'nats-expected-last-subject-sequence': String(expected) },
  });
}

const same = (body: string) => body;

test('a copy of an event changes nothing', () => {
  const found = verdictOn((run) => {
    const last = addJunk(run, 'plain', same);
    run.rows = run.rows.map((row) => (row.id === 'plain' ? { ...row, last_sequence: last } : row));
  });
  expect(found).toEqual(['row plain']);
  expect(verdictOn((run) => addJunk(run, 'plain', same))).toEqual([]);
});

test.each([
  ['is empty', () => ''],
  ['is of a newer version', (body: string) => body.replace('"v":1', '"v":2')],
  ['is another event than its subject says', (body: string) => body.replace('JobCompleted', 'JobStarted')],
  ['is of another job', (body: string) => body.replaceAll('plain', 'retried')],
])('a message that %s is in quarantine and nowhere else', (_name, bodyOf) => {
  expect(verdictOn((run) => addJunk(run, 'plain', bodyOf) && (run.quarantined += 1))).toEqual([]);
  expect(verdictOn((run) => addJunk(run, 'plain', bodyOf))).toEqual(['quarantine']);
});

/** What the judge says of a cancellation behind a message of the stranger that expects what `place` returns. */
const goingBehind = (place: (run: Run, junk: number) => number) =>
  verdictOn((run) => addCancellation(run, 'plain', place(run, addJunk(run, 'plain', same))));

test('the next event of the job goes behind the event before it, or behind one of them', () => {
  expect(goingBehind((_run, junk) => junk)).not.toContain('chain plain');
  expect(goingBehind((run) => eventsOf(run, 'plain').at(-1)?.sequence ?? 0)).not.toContain('chain plain');
  expect(goingBehind((run) => eventsOf(run, 'plain').at(-2)?.sequence ?? 0)).toContain('chain plain');
});

test('a message without the mark is none of theirs', () => {
  const found = verdictOn((run) => {
    addJunk(run, 'plain', same);
    run.messages[run.messages.length - 1] = { ...(run.messages.at(-1) as RawMessage), headers: {} };
  });
  expect(found).toEqual(expect.arrayContaining(['message plain', 'version plain', 'chain plain']));
});
