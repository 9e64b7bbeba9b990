import { expect, test } from 'vitest';
import { digestOf } from './checkLog.ts';
import type { RawMessage } from '../../harness/rawLog.ts';
import { correctRun, message } from './correctRun.ts';
import { judge } from './judge.ts';

type Run = ReturnType<typeof correctRun>;
const AT_3 = '2026-01-01T00:00:03.000Z';
const isStartOfRetried = ({ subject }: RawMessage) => subject.endsWith('.retried.started');
type Body = Readonly<Record<'data', object>>;

/** What the judge says of a run after it was corrupted: rule and job of each violation. */
function verdictOn(corrupt: (run: Run) => void): string[] {
  const run = correctRun();
  const copies = [...run.copies];
  corrupt(run);
  // What is done to the log is done to all copies of it, but where a test is about the copies.
  run.copies = run.copies.map((copy, index) =>
    copy === copies[index] ? { ...copy, digest: digestOf(run.messages) } : copy,
  );
  const found = judge(run).violations.map(({ rule, jobId }) => [rule, jobId].join(' ').trim());
  return [...new Set(found)];
}

const indexOf = (run: Run, id: string, token: string) =>
  run.messages.findIndex(({ subject }) => subject.endsWith(`.${id}.${token}`));

/** Changes the body of one message. */
function rewrite(run: Run, at: number, change: (event: Body) => object): void {
  const found = run.messages[at] as RawMessage;
  const event = JSON.parse(found.body) as Body;
  run.messages[at] = { ...found, body: JSON.stringify({ ...event, ...change(event) }) };
}

/** Makes a delay of half a second of a job end at this time. */
function delayPlainUntil(runAt: string): (run: Run) => void {
  return (run) =>
    rewrite(run, indexOf(run, 'plain', 'created'), ({ data }) => ({ data: { ...data, delayMs: 500, runAt } }));
}

/** Adds an event to the end of the log that continues a job, as a writer would who keeps to the chain. */
function append(run: Run, id: string, event: string, data: object = {}): void {
  const last = run.messages.findLast(({ subject }) => subject.includes(`.${id}.`)) as RawMessage;
  const { version, jobType } = JSON.parse(last.body) as { version: number; jobType: string };
  const told = { id, type: jobType, event, version: version + 1, at: '2026-01-01T00:01:00.000Z', data: { ...data } };
  const added = message(told, run.messages.length + 1);
  const headers = { ...added.headers, 'nats-expected-last-subject-sequence': String(last.sequence) };
  run.messages.push({ ...added, headers });
  run.lastSequence += 1;
}

function remove(run: Run, id: string): void {
  run.messages = run.messages.filter(({ subject }) => !subject.includes(`.${id}.`));
}

function row(run: Run, id: string, change: object): void {
  run.rows = run.rows.map((one) => (one.id === id ? { ...one, ...change } : one));
}

test('a correct run passes, with its repeated effects explained', () => {
  const verdict = judge(correctRun());
  expect(verdict.violations).toEqual([]);
  expect(verdict).toMatchObject({ acknowledged: 14, unacknowledged: 0, effects: 22, waits: 1 });
  expect(verdict.statuses).toEqual({ completed: 13, cancelled: 1 });
  const explained = { jobs: 9, afterRetry: 4, afterTakeOver: 1, afterWait: 1, afterRelease: 1, afterRequeue: 2 };
  expect(verdict.repeats).toEqual(explained);
});

test('a job that was stored without an acknowledgement is allowed and counted', () => {
  const run = correctRun();
  run.load = run.load.filter((record) => !(record.kind === 'created' && record.id === 'plain'));
  expect(judge(run)).toMatchObject({ violations: [], unacknowledged: 1 });
});

test('an acknowledged job that is not in the log is lost', () => {
  const found = verdictOn((run) => {
    run.load.push({ kind: 'sent', token: 't', keyed: false }, { kind: 'created', token: 't', id: 'gone', status: 201 });
  });
  expect(found).toEqual(['lost gone']);
});

test('a job whose events vanished from the log is lost, and the log has a hole', () => {
  const found = verdictOn((run) => remove(run, 'plain'));
  expect(found).toEqual(expect.arrayContaining(['message', 'lost plain', 'extra-row plain', 'counts', 'effect plain']));
});

test('an acknowledged id that holds another creation is a lost job', () => {
  const found = verdictOn((run) => {
    rewrite(run, indexOf(run, 'plain', 'created'), ({ data }) => ({
      data: { ...data, tags: ['token-x'] },
    }));
  });
  expect(found).toEqual(expect.arrayContaining(['lost plain', 'invented plain', 'row plain']));
});

test('an acknowledged job that has not ended is found', () => {
  const found = verdictOn((run) => {
    append(run, 'cancelled', 'JobRequeued');
  });
  expect(found).toEqual(expect.arrayContaining(['not-terminal cancelled', 'row cancelled', 'counts']));
});

test.each([
  ['cancelled', 'retried'],
  ['requeued', 'plain'],
  ['dueNow', 'plain'],
  ['payloadChanged', 'requeued'],
  ['priorityChanged', 'requeued-high'],
] as const)('an acknowledged change (%s) without its event is lost', (kind, id) => {
  expect(verdictOn((run) => run.load.push({ kind, id }))).toEqual([`lost-change ${id}`]);
});

test('a job that was acknowledged as the repetition of another one, and does not say so, is lost', () => {
  const found = verdictOn((run) => {
    run.load = run.load.map((record) =>
      record.kind === 'created' && record.id === 'plain' ? { ...record, rerunOf: 'retried' } : record,
    );
  });
  expect(found).toEqual(['lost plain']);
});

test('a job that no client created is invented', () => {
  const found = verdictOn((run) => {
    run.load = run.load.filter((record) => !('token' in record) || record.token !== 'token-plain');
  });
  expect(found).toEqual(['invented plain']);
});

test('two jobs from one creation are one too many', () => {
  const found = verdictOn((run) => {
    const token = 'token-plain';
    run.load.push({ kind: 'created', token, id: 'retried', status: 201 });
  });
  expect(found).toEqual(['lost retried', 'invented plain']);
});

test('a second end of a job is found, and that it was not possible', () => {
  const found = verdictOn((run) => append(run, 'plain', 'JobCancelled'));
  expect(found).toEqual(expect.arrayContaining(['terminals plain', 'illegal plain']));
});

test.each([
  ['an end before any start', 'JobCompleted', { attempt: 1 }, 'cancelled'],
  ['a start after the end', 'JobStarted', { attempt: 2, worker: 'w' }, 'plain'],
  ['a requeue of a completed job', 'JobRequeued', {}, 'plain'],
  ['a second creation', 'JobCreated', {}, 'plain'],
  ['a second creation with a priority', 'JobCreatedWithPriority', { priority: 'high' }, 'plain'],
  ['a requeue of a completed job with its priority', 'JobRequeuedWithPriority', { priority: 'high' }, 'plain'],
  ['another priority of an ended job', 'JobPriorityChanged', { priority: 'low' }, 'plain'],
  ['another payload for a job that has started', 'JobRevised', { payload: 1 }, 'plain'],
  ['progress of an ended job', 'JobProgressed', { attempt: 1 }, 'plain'],
])('%s is an illegal transition', (_name, event, data, id) => {
  expect(verdictOn((run) => append(run, id, event, data))).toContain(`illegal ${id}`);
});

test.each([
  ['starts with a number that is not the next', 'taken-over', 'started', 4],
  ['completes under a number that does not run', 'taken-over', 'completed', 1],
])('an attempt that %s is an illegal transition', (_name, id, token, attempt) => {
  const found = verdictOn((run) => {
    const at = run.messages.findLastIndex(({ subject }) => subject.endsWith(`.${id}.${token}`));
    rewrite(run, at, ({ data }) => ({ data: { ...data, attempt } }));
  });
  expect(found).toContain(`illegal ${id}`);
});

test('an attempt beyond the budget is an illegal transition', () => {
  const found = verdictOn((run) => {
    rewrite(run, indexOf(run, 'taken-over', 'created'), ({ data }) => ({
      data: { ...data, maxAttempts: 1 },
    }));
  });
  expect(found).toContain('illegal taken-over');
});

test.each([{ attempt: 2 }, { status: 'pending' }, { payload: 1 }, { createdAt: '2026-01-01T00:00:01.000Z' }])(
  'a job that is carried as another than it is, %o, is found',
  (change) => {
    const carry = (run: Run) => {
      const at = run.messages.findLastIndex(({ subject }) => subject.endsWith('.carried.carried'));
      rewrite(run, at, ({ data }) => ({ data: { ...data, ...change } }));
    };
    expect(verdictOn(carry)).toContain('illegal carried');
  },
);

test('an attempt before the time of its retry is found', () => {
  const found = verdictOn((run) => {
    rewrite(run, indexOf(run, 'retried', 'retry-scheduled'), ({ data }) => ({
      data: { ...data, retryAt: '2026-01-01T00:00:04.200Z' },
    }));
  });
  expect(found).toContain('early retried');
});

test('a delayed job that starts before its time is found', () => {
  const found = verdictOn((run) => {
    rewrite(run, indexOf(run, 'plain', 'created'), ({ data }) => ({
      data: { ...data, runAt: '2026-01-01T00:00:02.000Z' },
    }));
  });
  expect(found).toContain('early plain');
});

test('an attempt is early or not by the clock of the server, whatever its writer says', () => {
  const found = verdictOn((run) => {
    rewrite(run, run.messages.findLastIndex(isStartOfRetried), () => ({ at: AT_3 }));
  });
  expect(found.filter((violation) => violation.startsWith('early'))).toEqual([]);
});

test.each([
  ['started', '2026-01-01T01:00:01.000Z'],
  ['started', '2025-12-31T23:00:01.000Z'],
  ['created', '2025-12-31T23:59:30.000Z'],
])('a %s whose time is not that of the server is found: %s', (token, at) => {
  expect(verdictOn((run) => rewrite(run, indexOf(run, 'plain', token), () => ({ at })))).toContain('clock plain');
});

test('a delay that was not counted from the clock of the server is found', () => {
  expect(verdictOn(delayPlainUntil('2025-12-31T23:00:00.500Z'))).toContain('clock plain');
  expect(verdictOn(delayPlainUntil('2026-01-01T00:00:00.500Z'))).not.toContain('clock plain');
});

test('timers that are set over and over are found', () => {
  expect(verdictOn((run) => (run.timers = 2_000))).toEqual(['timers']);
});

test('a fork, two events with one version, breaks the chain', () => {
  const found = verdictOn((run) => {
    const started = run.messages[indexOf(run, 'cancelled', 'started')] as RawMessage;
    const sequence = run.messages.length + 1;
    run.messages.push({ ...started, sequence, body: started.body.replace(/event-\d+/, `event-${sequence}`) });
    run.lastSequence = sequence;
  });
  expect(found).toEqual(expect.arrayContaining(['version cancelled', 'chain cancelled', 'illegal cancelled']));
});

test('an append that expected nothing breaks the chain', () => {
  const found = verdictOn((run) => {
    const at = indexOf(run, 'plain', 'completed');
    run.messages[at] = { ...(run.messages[at] as RawMessage), headers: {} };
  });
  expect(found).toEqual(['chain plain']);
});

test.each([
  ['an append', 'completed', 'jobs.*.plain.>'],
  ['a creation without a key', 'created', 'jobs.*.plain.>'],
])('%s whose expectation looked elsewhere breaks the chain', (_what, token, filter) => {
  const found = verdictOn((run) => {
    const at = indexOf(run, 'plain', token);
    const { headers, ...rest } = run.messages[at] as RawMessage;
    run.messages[at] = { ...rest, headers: { ...headers, 'nats-expected-last-subject-sequence-subject': filter } };
  });
  expect(found).toEqual(['chain plain']);
});

test.each([
  ['jobs.*.plain.>', []],
  ['jobs.webhook.plain.>', ['chain plain']],
])('of a creation under a key that looked at %s the chain says %j', (filter, expected) => {
  const found = verdictOn((run) => {
    const at = indexOf(run, 'plain', 'created');
    rewrite(run, at, ({ data }) => ({ data: { ...data, idempotencyKey: 'key' } }));
    const { headers, ...rest } = run.messages[at] as RawMessage;
    run.messages[at] = { ...rest, headers: { ...headers, 'nats-expected-last-subject-sequence-subject': filter } };
  });
  expect(found.filter((violation) => violation.startsWith('chain'))).toEqual(expected);
});

test('a version that is left out is found', () => {
  const found = verdictOn((run) => rewrite(run, indexOf(run, 'plain', 'completed'), () => ({ version: 9 })));
  expect(found).toEqual(['version plain']);
});

test.each([
  ['is stored twice', (run: Run, at: number) => rewrite(run, at, () => ({ id: 'event-1' })), 'plain'],
  ['belongs to another job', (run: Run, at: number) => rewrite(run, at, () => ({ jobId: 'retried' })), 'plain'],
  [
    'is none',
    (run: Run, at: number) => (run.messages[at] = { ...(run.messages[at] as RawMessage), body: '?' }),
    'plain',
  ],
])('an event that %s is found', (_name, corrupt, id) => {
  expect(verdictOn((run) => corrupt(run, indexOf(run, 'plain', 'progressed')))).toContain(`message ${id}`);
});

test('a server whose copy of the log differs is found', () => {
  const found = verdictOn((run) => (run.copies[1] = { node: 'nats-2', digest: digestOf(run.messages.slice(1)) }));
  expect(found).toEqual(['copy']);
});

test('a job without a row is found', () => {
  expect(verdictOn((run) => run.rows.shift())).toEqual(['missing-row plain']);
});

test('a row without a job is found', () => {
  const found = verdictOn((run) => run.rows.push({ id: 'stranger', status: 'completed' }));
  expect(found).toEqual(['extra-row stranger']);
});

test.each([
  ['status', 'failed'],
  ['payload', { of: 'another' }],
  ['result', { ok: 2 }],
  ['error', { name: 'Error', message: 'old' }],
  ['progress', undefined],
  ['attempt', 2],
  ['max_attempts', 4],
  ['backoff', { type: 'fixed', delayMs: 11 }],
  ['timeout_ms', 1],
  ['run_at', 1],
  ['created_at', 1],
  ['updated_at', 1],
  ['started_at', undefined],
  ['finished_at', 1],
  ['ran_ms', 1],
  ['worker', 'another'],
  ['tags', []],
  ['priority', 'low'],
  ['version', 3],
  ['last_sequence', 1],
  ['type', 'email'],
])('a row whose %s differs is found', (column, value) => {
  expect(verdictOn((run) => row(run, 'plain', { [column]: value }))).toEqual(['row plain']);
});

test.each([
  [
    'wrong',
    [
      { type: 'webhook', status: 'completed', count: 4 },
      { type: 'sleep', status: 'cancelled', count: 1 },
    ],
  ],
  ['missing', [{ type: 'webhook', status: 'completed', count: 5 }]],
])('a number of jobs that is %s is found', (_name, counts) => {
  expect(verdictOn((run) => (run.counts = counts))).toEqual(['counts']);
});

test('the judge finds a count of jobs that do not exist', () => {
  expect(verdictOn((run) => run.counts.push({ type: 'email', status: 'failed', count: 1 }))).toEqual(['counts']);
});

test('a message in quarantine is found', () => {
  expect(verdictOn((run) => (run.quarantined = 1))).toEqual(['quarantine']);
});

const effect = { token: 't', at: Date.UTC(2026, 0, 1, 1) };

test('an effect of an attempt that never started is found', () => {
  expect(verdictOn((run) => run.effects.push({ ...effect, jobId: 'plain', attempt: 2 }))).toEqual(['effect plain']);
});

test('an effect of a job that is not in the log is found', () => {
  expect(verdictOn((run) => run.effects.push({ ...effect, jobId: 'gone', attempt: 1 }))).toEqual(['effect gone']);
});

test('an effect before its attempt started is found', () => {
  const found = verdictOn((run) => (run.effects[0] = { ...effect, jobId: 'plain', attempt: 1, at: 1 }));
  expect(found).toEqual(['effect plain']);
});

test.each(['plain', 'retried', 'taken-over'])('a second effect of one attempt (%s) has no explanation', (jobId) => {
  expect(verdictOn((run) => run.effects.push({ ...effect, jobId, attempt: 1 }))).toEqual([`double-effect ${jobId}`]);
});

test.each(['released', 'requeued'])('a third effect of a number that was given out twice (%s) has none', (jobId) => {
  expect(verdictOn((run) => run.effects.push({ ...effect, jobId, attempt: 1 }))).toEqual([`double-effect ${jobId}`]);
});

test('a completed webhook without its effect is found', () => {
  expect(verdictOn((run) => run.effects.shift())).toEqual(['no-effect plain']);
});
