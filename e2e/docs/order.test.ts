import { pathToFileURL } from 'node:url';
import type { JobDefinition } from '@jobstream/client';
import { type CrashPoint, testJobstream } from '@jobstream/testing';
import type { Duration, HandlerRegistrar } from '@jobstream/worker';
import { beforeAll, expect, test } from 'vitest';
import { orderProgram } from '../harness/orderProgram.ts';

/** The program of the tutorial. */
interface OrderProgram {
  readonly order: JobDefinition;
  readonly registerOrder: (
    worker: HandlerRegistrar,
    book: (line: string, key: string) => Promise<void>,
    coolingOff?: Duration,
  ) => void;
}

let program: OrderProgram;

beforeAll(async () => {
  await using written = await orderProgram();
  program = (await import(pathToFileURL(written.file).href)) as OrderProgram;
});

/** What the order has written: each line with the keys with which it was written, one for each time. */
class Book {
  readonly lines = new Map<string, string[]>();
  /** Called before a line is written. */
  onWrite: (line: string) => void = () => undefined;

  readonly write = async (line: string, key: string): Promise<void> => {
    this.onWrite(line);
    this.lines.set(line, [...(this.lines.get(line) ?? []), key]);
  };

  /** How often each line was written. */
  counts(): readonly (readonly [line: string, count: number])[] {
    return [...this.lines].map(([line, keys]) => [line, keys.length]);
  }
}

const CHARGED = 'O-1 was charged 570 cents';
const APPROVED = 'O-1 was approved by ada';

/** Takes an order through its life; the worker crashes where `crashes` says, by the moment at which it is told to. */
async function live(crashes: Partial<Record<Moment, CrashPoint>>) {
  const book = new Book();
  const { order, registerOrder } = program;
  const handlers = (worker: HandlerRegistrar) => registerOrder(worker, book.write);
  // Nothing of it waits for the clock without having ended its run: on a busy machine it may take its time.
  await using t = await testJobstream({ handlers, patienceMs: 60_000 });
  const left = new Map(Object.entries(crashes) as [Moment, CrashPoint][]);
  const crash = (moment: Moment) => {
    const point = left.get(moment);
    if (point !== undefined && left.delete(moment)) t.crashWorker(point);
  };
  book.onWrite = (line) => crash(line === CHARGED ? 'charging' : 'reporting');
  const job = await t.enqueue(order, { id: 'O-1', cents: 570 });
  crash('created');
  await t.advance('1d');
  crash('asleep');
  await t.advance('2d');
  await t.advance('1d');
  crash('awaiting');
  await t.signal(job, 'approved', { by: 'ada' });
  await t.advance('1d');
  const { status } = await t.job(job);
  const keys = new Set([...book.lines.values()].map((ofLine) => new Set(ofLine).size));
  return {
    status,
    counts: book.counts(),
    hasOneKeyEach: [...keys].join() === '1',
    events: (await t.events(job)).map(({ event }) => event),
  };
}

const moments = ['created', 'charging', 'asleep', 'awaiting', 'reporting'] as const;
type Moment = (typeof moments)[number];
const events = {
  created: ['JobStarted', 'JobStepsRecorded', 'JobSuspended'],
  charging: ['JobStepsRecorded', 'JobSuspended'],
  asleep: ['JobResumed', 'JobStepsRecorded', 'JobSuspended'],
  awaiting: ['JobResumed', 'JobStepsRecorded', 'JobCompleted'],
  reporting: ['JobStepsRecorded', 'JobCompleted'],
} as const satisfies Record<Moment, readonly string[]>;
const crashes = moments.flatMap((moment) =>
  events[moment].flatMap((event) =>
    (['before', 'after'] as const).map((when) => [moment, `${when} ${event}` as CrashPoint] as const),
  ),
);

test('the order of the tutorial charges, sleeps, waits and reports', async () => {
  const { counts, events: history } = await live({});
  expect(counts).toEqual([
    [CHARGED, 1],
    [APPROVED, 1],
  ]);
  expect(history).toEqual([
    'JobCreated',
    'JobStarted',
    'JobStepsRecorded',
    'JobStepsRecorded',
    'JobSuspended',
    'JobResumed',
    'JobStepsRecorded',
    'JobSuspended',
    'JobSignalled',
    'JobResumed',
    'JobStepsRecorded',
    'JobStepsRecorded',
    'JobCompleted',
  ]);
});

test.each(crashes)('told while it is %s to crash %s, the worker loses nothing', async (moment, point) => {
  const { status, counts, hasOneKeyEach } = await live({ [moment]: point });
  expect([status, hasOneKeyEach]).toEqual(['completed', true]);
  // Between the work of a step and its record nobody else can know that it is done.
  const isBetween = (line: string) =>
    point === 'before JobStepsRecorded' &&
    line === (moment === 'created' || moment === 'charging' ? CHARGED : APPROVED);
  for (const [line, count] of counts) expect([line, count <= (isBetween(line) ? 2 : 1)]).toEqual([line, true]);
  expect(counts.map(([line]) => line)).toEqual([CHARGED, APPROVED]);
});
