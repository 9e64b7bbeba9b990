import { randomUUID } from 'node:crypto';
import { decide, isRejection, type JobCommand } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiProcess, startApiProcess } from '../harness/apiProcess.ts';
import { startServices } from '../harness/startServices.ts';
import { readKeyHistory } from './uniqueKeys.ts';

const PROCESSES = 4;
const CREATIONS = 1_000;
/** After which the log loses events. */
const MAX_AGE = '1s';

async function openStage() {
  const opening = new AsyncDisposableStack();
  const nats = opening.use(await startNats());
  const databaseUrl = await createMigratedDatabase(migrate);
  const log = new EventLog({ url: nats.url, name: 'test', deadlineMs: 30_000 });
  await log.start();
  opening.defer(() => log.stop());
  const env = { NATS_URL: nats.url, DATABASE_URL: databaseUrl };
  const start = async () => opening.use(await startApiProcess(env));
  const apis = await Promise.all(Array.from({ length: PROCESSES }, start));
  // Each knows by now that no process of an earlier release lives.
  for (const api of apis) await eventually(async () => expect((await create(api, randomUUID()))?.status).toBe(201));
  return { log, apis, env, [Symbol.asyncDispose]: () => opening.disposeAsync() };
}

let stage: Awaited<ReturnType<typeof openStage>>;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly id: string;
}

/** Undefined where the process is gone. */
async function create(api: ApiProcess, order: string): Promise<Answer | undefined> {
  try {
    const response = await fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'mail', payload: { order }, unique: { by: ['payload.order'] } }),
    });
    return { status: response.status, id: ((await response.json()) as { readonly id: string }).id };
  } catch {
    return undefined;
  }
}

/** Creations of one key, each process its share of them at once; those whose process has gone have no answer. */
async function race(order: string, count: number, onAnswer: (answer: Answer) => void = () => {}): Promise<Answer[]> {
  const ask = async (index: number) => {
    const api = stage.apis[index % stage.apis.length];
    const answer = api && (await create(api, order));
    if (answer !== undefined) onAnswer(answer);
    return answer;
  };
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => ask(index)));
  return answers.filter((answer) => answer !== undefined);
}

type Wish<Command> = Command extends unknown ? Omit<Command, 'eventId' | 'at' | 'actor'> : never;

/** Runs a job to its end, as a worker does. */
async function complete(jobId: string): Promise<void> {
  const wishes: readonly Wish<JobCommand>[] = [
    { kind: 'StartAttempt', worker: 'w' },
    { kind: 'CompleteAttempt', attempt: 1, durationMs: 1 },
  ];
  for (const wish of wishes) {
    const snapshot = await stage.log.readJob(jobId);
    const context = {
      eventId: randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'worker', id: 'w' },
    } as const;
    const event = decide({ ...context, ...wish }, snapshot?.job);
    if (isRejection(event)) throw new Error(event.detail);
    await stage.log.append(event, snapshot?.sequence ?? 0);
  }
}

/** The jobs of one key, in the order of their creation; at no message of the log two of any key have not ended. */
async function createdFor(answers: readonly Answer[]): Promise<readonly string[]> {
  const { created, violations } = await readKeyHistory(stage.log);
  expect(violations).toEqual([]);
  const ids = new Set(answers.map(({ id }) => id));
  const ofKey = [...created.values()].filter((jobs) => jobs.some((id) => ids.has(id)));
  expect(ofKey).toHaveLength(1);
  return ofKey[0] ?? [];
}

test.each([0, 1, 100])(
  '1,000 creations that race in four processes, one of which is killed after %i answers, make one job',
  async (until) => {
    const [victim] = stage.apis;
    let answered = 0;
    let killed: Promise<void> | undefined;
    const kill = () => void (killed ??= victim?.kill());
    const racing = race(randomUUID(), CREATIONS, () => void (++answered === until && kill()));
    if (until === 0) kill();
    const answers = await racing;
    await killed;
    await victim?.start();
    const created = await createdFor(answers);
    expect(created).toHaveLength(1);
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set(created));
    expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
    expect(answers.length).toBeGreaterThanOrEqual((CREATIONS / PROCESSES) * (PROCESSES - 1));
  },
);

test('while one job after the other ends, never two have not', async () => {
  const order = randomUUID();
  const answers: Answer[] = [];
  const ended: Promise<void>[] = [];
  const endIfNew = ({ status, id }: Answer) => void (status === 201 && ended.push(complete(id)));
  while (ended.length < 30) answers.push(...(await race(order, 40, endIfNew)));
  await Promise.all(ended);
  const created = await createdFor(answers);
  expect(created.length).toBe(answers.filter(({ status }) => status === 201).length);
  expect(answers.filter(({ status, id }) => ![200, 201].includes(status) || !created.includes(id))).toEqual([]);
});

/** A creation that is answered. */
async function createdBy(api: ApiProcess | undefined, order: string): Promise<Answer> {
  const answer = api && (await create(api, order));
  if (answer === undefined) throw new Error('the process is gone');
  return answer;
}

async function completeIfPending(jobId: string): Promise<void> {
  if ((await stage.log.readJob(jobId))?.job.status === 'pending') await complete(jobId);
}

test('a process that was frozen amid its creations, while others had the key one after the other, makes none beside theirs', async () => {
  const order = randomUUID();
  const [frozen, ...others] = stage.apis;
  const answers: Answer[] = [];
  for (let rounds = 0; rounds < 5; rounds++) {
    const late = Promise.all(Array.from({ length: 20 }, () => createdBy(frozen, order)));
    answers.push(...(await Promise.all(others.map((api) => createdBy(api, order)))));
    frozen?.freeze();
    for (let generations = 0; generations < 3; generations++) {
      const answer = await createdBy(others[0], order);
      answers.push(answer);
      await completeIfPending(answer.id);
    }
    frozen?.thaw();
    answers.push(...(await late));
    await completeIfPending(answers.at(-1)?.id ?? '');
  }
  const created = await createdFor(answers);
  expect(answers.filter(({ id }) => !created.includes(id))).toEqual([]);
});

test('the key is held when the log has lost all events that were there at its creation', async () => {
  const { log } = stage;
  const order = randomUUID();
  const [first] = await race(order, 1);
  const last = await log.lastSequence();
  const settings = { ...stage.env, JOBS_MAX_AGE: MAX_AGE, HEALTH_PORT: '0' };
  await using _keeper = await startServices(() => settings, { only: ['projector'] });
  await eventually(async () => expect((await log.messages.span()).first).toBeGreaterThan(last));
  const answers = await race(order, 100);
  expect(new Set(answers.map(({ status, id }) => `${status} ${id}`))).toEqual(new Set([`200 ${first?.id}`]));
});
