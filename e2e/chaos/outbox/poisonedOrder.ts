import { eventually } from '@jobstream/test-support';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { MARK } from '../stranger/mark.ts';
import type { OutboxStage } from './outboxStage.ts';

/** The idempotency key of an order whose job cannot be made: a stranger has written on its subjects. */
export const POISONED_KEY = 'poisoned';

const JOB_ID = 'SELECT jobstream.job_id_of(jobstream.key_digest($1, NULL)) AS id';
const DEFERRED = 'SELECT id, reason FROM jobstream.outbox_deferred ORDER BY id <> $1';
const SHOWN = 20;
/** Longer than a relay takes to count again. */
const COUNTED_MS = 30_000;

/** Keeps the job of POISONED_KEY from ever being made, and returns its id. */
export async function poisonOrder({ owner }: OutboxStage, nats: NatsConnection): Promise<string> {
  const { rows } = await owner.query<{ id: string }>(JOB_ID, [POISONED_KEY]);
  const id = rows[0]?.id ?? '';
  const mark = headers();
  mark.set(MARK, 'no event');
  await nats.request(`jobs.order.${id}.started`, 'no event', { timeout: 5_000, headers: mark });
  return id;
}

/** What is missing of the reports about the poisoned job, the only one that may be deferred. */
export async function missingReports(stage: OutboxStage, id: string): Promise<readonly string[]> {
  const { rows } = await stage.owner.query<{ id: string; reason: string }>(DEFERRED, [id]);
  const reason = `job ${id} exists but cannot be read`;
  const isDeferred = rows.length === 1 && rows[0]?.id === id && rows[0].reason === reason;
  const status = await stage.outboxStatus();
  return [
    ...(isDeferred ? [] : [`deferred is ${JSON.stringify(rows.slice(0, SHOWN))}, and not only the poisoned job`]),
    ...(status.includes(' 1 deferred,') && new RegExp(`^${id} order, deferred .*: ${reason}$`, 'm').test(status)
      ? []
      : [`the status of the outbox does not name the poisoned job: ${status}`]),
    ...(await missingMetrics(stage)),
  ];
}

async function missingMetrics({ metrics }: OutboxStage): Promise<readonly string[]> {
  const texts = await Promise.all(metrics.map(countedMetrics));
  return texts.filter((text) => text !== undefined);
}

/** Undefined once a relay says that one job is deferred, and otherwise what it says. */
async function countedMetrics(url: string): Promise<string | undefined> {
  let last = '';
  const check = async () => {
    last = (await (await fetch(url)).text()).split('\n').filter(isAboutDeferred).join(', ');
    if (!last.endsWith(' 1')) throw new Error(last);
  };
  return eventually(check, { timeoutMs: COUNTED_MS, intervalMs: 250 }).then(
    () => undefined,
    () => `${url} says of one deferred job: ${last}`,
  );
}

function isAboutDeferred(line: string): boolean {
  return line.startsWith('jobstream_outbox_deferred_jobs');
}
