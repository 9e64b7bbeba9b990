import type { NewJob, NewSchedule } from '@jobstream/client';
import { seededRandom, type Random } from './seededRandom.ts';

export type Release = '2.3.1' | '2.4.0';

type Customer = 'acme' | 'globex';

/** What happens in the shop. Jobs are named by their idempotency keys. */
export type ShopStep =
  | { readonly do: 'create'; readonly key: string; readonly job: NewJob }
  | { readonly do: 'cancel'; readonly key: string; readonly reason: string }
  | { readonly do: 'retry'; readonly key: string; readonly payload: unknown; readonly reason: string }
  | { readonly do: 'pause'; readonly type: string; readonly reason: string }
  | { readonly do: 'schedule'; readonly schedule: NewSchedule }
  | { readonly do: 'run-schedule'; readonly name: string }
  | { readonly do: 'deploy'; readonly release: Release };

/** A step at its time, which is a share of the hour from 0 to 1. */
export type PlannedStep = ShopStep & { readonly at: number };

/** When release 2.4.0 is deployed, which renames a field in the webhooks of one customer: the planted fault. */
export const DEPLOYED_AT = 0.55;
export const FAULTY_CUSTOMER: Customer = 'globex';
const ORDERS = 96;
const FIRST_ORDER = 4_700;
const PHOTOS = 120;
const NEWSLETTERS = 14;
const IMPORTS = ['prices', 'stock', 'catalog-autumn', 'prices', 'stock', 'catalog-complete'] as const;
const MISSPELT_ORDER = 3;

/** Plans an hour of the shop: the same steps for the same seed, in the order of their times. */
export function planHour(seed: number): readonly PlannedStep[] {
  const random = seededRandom(seed);
  const steps = [
    ...schedules(),
    ...Array.from({ length: ORDERS }, (_, index) => stepsOfOrder(index, random)).flat(),
    ...Array.from({ length: PHOTOS }, (_, index) => stepOfPhoto(index, random)),
    ...IMPORTS.map(stepOfImport),
    ...Array.from({ length: NEWSLETTERS }, (_, index) => stepOfNewsletter(index)),
    ...interventions(),
  ];
  return steps.toSorted((one, other) => one.at - other.at);
}

/** Orders come all the time, and more of them around noon. */
function stepsOfOrder(index: number, random: Random): readonly PlannedStep[] {
  const share = (index + random()) / ORDERS;
  const at = share + 0.05 * Math.sin(2 * Math.PI * share);
  const order = FIRST_ORDER + index;
  const customer: Customer = random() < 0.6 ? 'acme' : FAULTY_CUSTOMER;
  const total = Math.round(500 + random() * 20_000) / 100;
  const tags = [`customer:${customer}`, `release:${releaseAt(at)}`];
  const email = { type: 'order-email', payload: { order, customer, to: recipient(index), total }, tags };
  const webhook = { type: 'order-webhook', payload: webhookPayload({ at, order, customer, total }), tags };
  const invoice = { type: 'invoice', payload: { order, customer, total, currency: 'EUR' }, tags };
  const confirmation = create(at, `order-${order}-email`, { ...email, backoff: { type: 'fixed', delayMs: 1_000 } });
  return [
    confirmation,
    // Somebody has pressed the button twice: the key makes one job of both requests.
    ...(index % 17 === 5 ? [{ ...confirmation, at: at + 0.001 }] : []),
    create(at, `order-${order}-webhook`, { ...webhook, maxAttempts: 3, backoff: { type: 'fixed', delayMs: 700 } }),
    create(at, `order-${order}-invoice`, { ...invoice, backoff: { type: 'fixed', delayMs: 1_500 } }),
    ...(index % 5 === 0 ? [reviewRequest(at, order, { ...email, tags: [...tags, 'review'] })] : []),
  ];
}

function recipient(index: number): string {
  if (index === MISSPELT_ORDER) return 'jane.doe@exmaple.invalid';
  return index % 23 === 11 ? `customer${index}@closed.example` : `customer${index}@mail.example`;
}

function reviewRequest(at: number, order: number, email: NewJob): PlannedStep {
  return create(at, `order-${order}-review`, { ...email, delayMs: 3_600_000 });
}

/** The deploy renames `callbackUrl`, in what is sent for one customer. */
function webhookPayload({ at, ...order }: { at: number; order: number; customer: Customer; total: number }) {
  const name = at >= DEPLOYED_AT && order.customer === FAULTY_CUSTOMER ? 'callback_url' : 'callbackUrl';
  return { ...order, event: 'order.paid', [name]: `https://hooks.${order.customer}.example/orders` };
}

/** Every 40th photo has a format that nobody can read, every 60th is too large for the time that it is given. */
function stepOfPhoto(index: number, random: Random): PlannedStep {
  const file = `product-${1_000 + index}.${index % 40 === 17 ? 'heic' : 'jpg'}`;
  const megapixels = index % 60 === 31 ? 400 : Math.round(4 + random() * 40);
  const payload = { file, width: 320, megapixels };
  const job = { type: 'thumbnail', payload, tags: ['images'], maxAttempts: 2, timeoutMs: 1_500 };
  return create((index + random()) / PHOTOS, `photo-${index}`, { ...job, backoff: { type: 'fixed', delayMs: 500 } });
}

/** The last import is the one that its worker does not survive. */
function stepOfImport(name: string, index: number): PlannedStep {
  const payload = { file: `${name}.csv`, rows: name === 'catalog-complete' ? 2_400_000 : 12_000 };
  const at = (index + 0.5) / (IMPORTS.length + 3);
  return create(at, `import-${index}`, { type: 'product-import', payload, tags: ['catalog'], maxAttempts: 1 });
}

function stepOfNewsletter(index: number): PlannedStep {
  const payload = { campaign: 'autumn', segment: index + 1 };
  const job = { type: 'newsletter', payload, tags: ['campaign:autumn'] };
  return create(0.3 + index / 100, `newsletter-${index}`, job);
}

function schedules(): readonly PlannedStep[] {
  const stock: NewSchedule = { name: 'stock-report', cron: '*/5 * * * *', job: { type: 'stock-report', payload: {} } };
  const job = { type: 'product-import', payload: { file: 'catalog-nightly.csv', rows: 12_000 }, tags: ['catalog'] };
  const nightly: NewSchedule = { name: 'nightly-import', cron: '0 3 * * *', timeZone: 'Europe/Berlin', job };
  return [stock, nightly].map((schedule) => ({ at: 0, do: 'schedule', schedule }));
}

/** What the people of the shop do. */
function interventions(): readonly PlannedStep[] {
  const misspelt = FIRST_ORDER + MISSPELT_ORDER;
  const payload = { order: misspelt, customer: 'acme', to: 'jane.doe@mail.example', total: 41.5 };
  return [
    { at: 0.1, do: 'run-schedule', name: 'stock-report' },
    { at: 0.28, do: 'pause', type: 'newsletter', reason: 'waits for the approval of marketing' },
    { at: 0.5, do: 'retry', key: `order-${misspelt}-email`, payload, reason: 'the customer has corrected the address' },
    { at: DEPLOYED_AT, do: 'deploy', release: '2.4.0' },
    { at: 0.8, do: 'cancel', key: `order-${FIRST_ORDER + 10}-review`, reason: 'the order was returned' },
    { at: 0.85, do: 'cancel', key: `order-${FIRST_ORDER + 15}-review`, reason: 'the order was returned' },
  ];
}

function releaseAt(at: number): Release {
  return at < DEPLOYED_AT ? '2.3.1' : '2.4.0';
}

function create(at: number, key: string, job: NewJob): PlannedStep {
  return { at, do: 'create', key, job };
}
