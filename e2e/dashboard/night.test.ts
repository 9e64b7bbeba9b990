import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../chaos/seededRandom.ts';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, client, logIn, nats, openPage } = useDashboard();

const TYPES = ['night-invoice', 'night-webhook', 'night-report', 'night-parcel'];
const CUSTOMERS = ['globex', 'initech', 'hooli', 'umbrella'];
const FIELDS = ['account', 'address', 'language', 'template'] as const;
/** An error that does not say which field is missed. */
const REFUSED = 'The carrier has refused the request';
/** Jobs of each customer in each type. */
const ROUNDS = 8;

type Payload = Readonly<Record<string, string>>;

/** What goes wrong: from a round on the jobs of one customer in one type have another name for a field. */
interface Fault {
  readonly type: string;
  readonly customer: string;
  readonly field: string;
  readonly from: number;
}

interface Planted {
  readonly id: string;
  readonly type: string;
  readonly customer: string;
  readonly round: number;
  /** As it should have been. */
  readonly payload: Payload;
}

function drawFault(seed: string): Fault {
  const random = seededRandom(seed, 'night');
  const [type, customer] = [random.pick(TYPES), random.pick(CUSTOMERS)];
  return { type, customer, field: random.pick(FIELDS), from: random.int(2, ROUNDS - 2) };
}

const isBroken = ({ type, customer, round }: Omit<Planted, 'id' | 'payload'>, fault: Fault) =>
  type === fault.type && customer === fault.customer && round >= fault.from;

/** A worker, and its jobs, one round after the other. */
async function plant(fault: Fault): Promise<readonly Planted[]> {
  const worker = createWorker({ natsUrl: nats, shutdownGraceMs: 0 });
  for (const type of TYPES) {
    worker.handle(defineJob(type, { payload: z.record(z.string(), z.string()) }), (payload) => {
      if (FIELDS.some((field) => payload[field] === undefined)) throw new TypeError(REFUSED);
      return undefined;
    });
  }
  await worker.start();
  onTestFinished(() => worker.stop());
  const planted: Planted[] = [];
  for (let round = 0; round < ROUNDS; round += 1) planted.push(...(await plantRound(round, fault)));
  return planted;
}

async function plantRound(round: number, fault: Fault): Promise<readonly Planted[]> {
  const wanted = TYPES.flatMap((type) => CUSTOMERS.map((customer) => ({ type, customer, round })));
  const payloads = wanted.map(({ customer }) =>
    Object.fromEntries(FIELDS.map((field) => [field, `${field} ${round} of ${customer}`])),
  );
  const jobs = await client.jobs.createBatch(
    wanted.map((job, index) => {
      const payload = payloads[index] ?? {};
      const sent = isBroken(job, fault) ? renamed(payload, fault.field) : payload;
      return { type: job.type, payload: sent, maxAttempts: 1, tags: [`customer:${job.customer}`, 'shop'] };
    }),
  );
  await Promise.all(jobs.map(({ id }) => client.jobs.waitForCompletion(id)));
  return wanted.map(({ type, customer }, index) => {
    return { type, customer, round, id: jobs[index]?.id ?? '', payload: payloads[index] ?? {} };
  });
}

function renamed(payload: Payload, field: string): Payload {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name === field ? `${field}_id` : name, value]),
  );
}

/** Somebody who sees the page alone, and counts the clicks. */
class Reader {
  readonly #page: Page;
  clicks = 0;

  constructor(page: Page) {
    this.#page = page;
  }

  get group() {
    return this.#page.getByRole('listitem').filter({ hasText: REFUSED });
  }

  async click(role: 'link' | 'button', name: RegExp | string): Promise<void> {
    this.clicks += 1;
    await this.#page.getByRole(role, { name }).first().click();
  }

  /** Which jobs fail, for whom, and since when. */
  async whatFails() {
    this.clicks += 1;
    const failed = this.#page.getByRole('definition').filter({ has: this.#page.locator('a[href*="failures"]') });
    await failed.getByRole('link').first().click();
    await this.#unfoldShared();
    const shared = this.group.getByRole('listitem').filter({ hasText: 'customer:' }).first();
    const trait = (await shared.textContent()) ?? '';
    return {
      type: (await this.group.getByRole('heading').getByRole('link').first().textContent()) ?? '',
      customer: /^customer:(\S+): (\d+) of \2, /.exec(trait)?.[1] ?? trait,
      since: await this.group.locator('time').first().getAttribute('dateTime'),
    };
  }

  /** Only the largest groups say at once what their jobs share. */
  async #unfoldShared(): Promise<void> {
    const shared = this.group.locator('.shared details');
    if ((await shared.getAttribute('open')) !== null) return;
    this.clicks += 1;
    await shared.locator('summary').click();
  }

  /** The field that one of them lacks, and the one that it has instead. */
  async whatDiffers() {
    this.clicks += 1;
    await this.group.getByRole('link', { name: /Edit and retry one/ }).click();
    this.clicks += 1;
    await this.#page.getByText('Compare with the last that succeeded').click();
    const beside = this.#page.getByRole('region', { name: 'Beside the last that succeeded' });
    await beside.waitFor();
    const names = async (sign: 'ins' | 'del') =>
      (await beside.locator(sign).allTextContents()).map((line) => /"(\w+)":/.exec(line)?.[1] ?? '');
    const [added, removed] = [await names('ins'), await names('del')];
    return {
      has: added.find((name) => !removed.includes(name)) ?? '',
      lacks: removed.find((name) => !added.includes(name)) ?? '',
    };
  }

  /** One by hand, then the others in the same way. */
  async mend({ has, lacks }: { readonly has: string; readonly lacks: string }, count: number): Promise<void> {
    const editor = this.#page.getByLabel('Payload', { exact: true });
    await editor.fill((await editor.inputValue()).replace(`"${has}"`, `"${lacks}"`));
    await this.click('button', 'Retry with this payload');
    await this.#page.getByText('It is completed').waitFor();
    await this.click('link', count === 2 ? 'Same for the other one that' : `Same for the ${count - 1} others that`);
    await this.#page.getByText('Accepted for this job').waitFor();
    await this.click('button', count === 2 ? 'Retry 1 job' : `Retry ${count - 1} jobs`);
    await this.#page.getByText(`${count - 1} done, 0 skipped, 0 failed`).waitFor();
  }
}

test('whatever was planted, its cause is five clicks from the overview, and its mend four more', async (context) => {
  const seed = process.env['NIGHT_SEED'] ?? String(Date.now());
  context.onTestFailed(() => console.error(`NIGHT_SEED=${seed} plants the same`));
  const fault = drawFault(seed);
  const planted = await plant(fault);
  const broken = planted.filter((job) => isBroken(job, fault));
  const listed = { type: fault.type, status: 'failed', sort: 'firstFinished' } as const;
  await untilListed(client, listed, ({ length }) => length === broken.length);
  const { items } = await client.jobs.listPage(listed);
  const { page, faults } = await openPage(context);
  await logIn(page, '', adminKey);
  const before = faults.errors.length;
  page.setDefaultTimeout(20000);
  const reader = new Reader(page);
  const { since, ...what } = await reader.whatFails();
  expect(what).toEqual({ type: fault.type, customer: fault.customer });
  expect(items.map(({ finishedAt }) => finishedAt)).toContain(since);
  const names = await reader.whatDiffers();
  expect(names).toEqual({ has: `${fault.field}_id`, lacks: fault.field });
  expect(reader.clicks).toBeLessThanOrEqual(5);
  reader.clicks = 0;
  await reader.mend(names, broken.length);
  expect(reader.clicks).toBeLessThanOrEqual(4);
  expect(faults.errors.slice(before)).toEqual([]);
  for (const { id, payload } of broken) {
    expect(await client.jobs.waitForCompletion(id)).toMatchObject({ status: 'completed', payload });
  }
});
