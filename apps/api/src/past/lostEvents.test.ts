import { decide, isRejection, type JobCommand } from '@jobstream/domain';
import { expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { followPast } from '../../testing/followPast.ts';

const stage = useStage();
const { api } = stage;

type Fields<Command> = Command extends JobCommand ? Omit<Command, 'eventId' | 'at' | 'actor'> : never;

const start = { kind: 'StartAttempt', worker: 'worker-1' } as const;
const error = { name: 'E', message: 'no' };
const fail = { kind: 'FailAttempt', attempt: 1, error, cause: 'error', random: 0, durationMs: 1 } as const;
const carry = { kind: 'CarryJob', keepsCause: true } as const;

/** Appends what the command makes of the job; returns the sequence, and when the server stored it. */
async function act(id: string, command: Fields<JobCommand>): Promise<{ sequence: number; time: string }> {
  const snapshot = await api.log.readJob(id);
  const actor = command.kind === 'CarryJob' ? 'keeper' : 'worker';
  const by = { eventId: crypto.randomUUID(), at: new Date().toISOString(), actor: { kind: actor, id: actor } } as const;
  const event = decide({ ...by, ...command }, snapshot?.job);
  if (isRejection(event)) throw new Error(event.detail);
  await api.log.append(event, snapshot?.sequence ?? 0);
  return momentNow();
}

/** The end of the log; what comes next has another time. */
async function momentNow(): Promise<{ sequence: number; time: string }> {
  const sequence = await api.log.lastSequence();
  const [last] = await api.log.messages.from(sequence, { count: 1 });
  const time = last?.recordedAt ?? '';
  while (api.log.clock.now() <= Date.parse(time) + 1) await new Promise((resolve) => setImmediate(resolve));
  return { sequence, time };
}

async function newJob(body: object): Promise<string> {
  const response = await api.post('/api/jobs', { type: 'lost', payload: {}, ...body });
  return ((await response.json()) as { id: string }).id;
}

async function listed(asOf: number | string, query = ''): Promise<object> {
  const response = await api.fetch(`/api/jobs?type=lost&asOf=${asOf}${query}`);
  const { items, unknown } = (await response.json()) as { items: readonly object[]; unknown: number };
  return { items, unknown };
}

test('without an archive, jobs of a moment from which the log lacks events are left out and counted, and all others are as they were', async () => {
  const waiting = await newJob({});
  const failing = await newJob({ maxAttempts: 2 });
  const early = await momentNow();
  await act(failing, start);
  const late = await act(failing, fail);
  const first = await act(waiting, carry);
  const end = await act(failing, carry);
  await followPast(api.log, stage.databaseUrl);
  const moments = [late, first, end].flatMap(({ sequence, time }) => [sequence, time]);
  const before = await Promise.all(moments.map((one) => listed(one)));
  expect(before[0]).toMatchObject({
    items: [
      { id: failing, status: 'retrying', version: 3 },
      { id: waiting, status: 'pending', version: 1 },
    ],
    unknown: 0,
  });
  await api.log.prefix.purgeBefore(first.sequence);
  expect(await Promise.all(moments.map((one) => listed(one)))).toEqual(before);
  const none = { items: [], unknown: 2 };
  expect(await listed(early.sequence)).toEqual(none);
  expect(await listed(early.time, '&status=pending')).toEqual(none);
  expect(await listed(early.time, '&status=retrying')).toEqual({ items: [], unknown: 0 });
});
