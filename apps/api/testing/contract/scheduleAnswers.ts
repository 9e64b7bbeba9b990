import { randomUUID } from 'node:crypto';
import type { ScheduleEvent } from '@jobstream/domain';
import type { Exchange } from './exchange.ts';
import type { Produce, Situation } from './produce.ts';
import { tickUntil } from './tickUntil.ts';

const definition = { cron: '0 3 * * *', timeZone: 'Europe/Berlin', job: { type: 'report', payload: { of: 'day' } } };
const path = (name: string) => ({ params: { name } });
const changed = { body: { ...definition, catchUp: { policy: 'latest' }, enabled: false } };
const ROUNDS = 50;

async function newSchedule({ other }: Pick<Situation, 'other'>): Promise<string> {
  const name = `s-${randomUUID()}`;
  await other('createSchedule', { body: { name, ...definition } });
  return name;
}

/** The schedule changes so often that a request to change it gives up. */
async function outrun({ system, ask, ...situation }: Situation): Promise<Exchange> {
  const body = situation.operation.body === undefined ? {} : changed;
  for (let round = 0; round < ROUNDS; round++) {
    const name = await newSchedule(situation);
    const enough = new AbortController();
    const ticking = tickUntil(enough.signal, name, system.guarded.log);
    const answer = await ask({ ...path(name), ...body });
    enough.abort();
    await ticking;
    if (answer.status === 409) return answer;
  }
  throw new Error('nobody was outrun');
}

/** A newer release has changed the schedule. */
async function changedByNewerRelease({ system, ask, ...situation }: Situation): Promise<Exchange> {
  const name = await newSchedule(situation);
  const { schedules } = system.guarded.log;
  const { sequence } = await schedules.reader.readEnd(name);
  const event = { v: 2, event: 'ScheduleTicked', schedule: name, version: 2 } as unknown as ScheduleEvent;
  await schedules.append(event, sequence);
  return ask(path(name));
}

/** Like jobResponses, for schedules. */
export const scheduleAnswers: Readonly<Record<string, Readonly<Record<string, Produce>>>> = {
  listSchedules: {
    '200': async (situation) => {
      await newSchedule(situation);
      await newSchedule(situation);
      return [await situation.ask({ query: '?limit=1' }), await situation.ask()];
    },
  },
  createSchedule: {
    '201': ({ ask }) => ask({ body: { name: `s-${randomUUID()}`, ...definition } }),
    '409': async (situation) => situation.ask({ body: { name: await newSchedule(situation), ...definition } }),
  },
  getSchedule: {
    '200': async (situation) => situation.ask(path(await newSchedule(situation))),
    '409': changedByNewerRelease,
  },
  replaceSchedule: {
    '200': async (situation) => situation.ask({ ...path(await newSchedule(situation)), ...changed }),
    '404': ({ ask }) => ask(changed),
    '409': outrun,
    '412': async (situation) =>
      situation.ask({ ...path(await newSchedule(situation)), ...changed, headers: { 'if-match': '"9"' } }),
  },
  changeSchedule: {
    '200': async (situation) =>
      situation.ask({ ...path(await newSchedule(situation)), body: { job: { tags: ['changed'] }, reason: 'tidy' } }),
    '404': ({ ask }) => ask({ body: { enabled: false } }),
    '409': outrun,
    '412': async (situation) =>
      situation.ask({
        ...path(await newSchedule(situation)),
        body: { enabled: false },
        headers: { 'if-match': '"9"' },
      }),
    '422': async (situation) => situation.ask({ ...path(await newSchedule(situation)), body: { nonsense: true } }),
  },
  runSchedule: {
    '201': async (situation) => situation.ask({ ...path(await newSchedule(situation)), body: { reason: 'now' } }),
    '200': async (situation) => {
      const same = { ...path(await newSchedule(situation)), headers: { 'idempotency-key': randomUUID() } };
      await situation.ask(same);
      return situation.ask(same);
    },
    '409': changedByNewerRelease,
  },
  deleteSchedule: {
    '204': async (situation) => situation.ask(path(await newSchedule(situation))),
    '409': outrun,
    '412': async (situation) =>
      situation.ask({ ...path(await newSchedule(situation)), headers: { 'if-match': '"9"' } }),
  },
  getScheduleEvents: {
    '200': async (situation) => {
      const name = await newSchedule(situation);
      await situation.other('replaceSchedule', { ...path(name), ...changed });
      const ticking = AbortSignal.timeout(100);
      await tickUntil(ticking, name, situation.system.guarded.log);
      await situation.other('deleteSchedule', path(name));
      return [await situation.ask(path(name)), await situation.ask({ ...path(name), query: '?limit=1' })];
    },
    '409': changedByNewerRelease,
  },
};
