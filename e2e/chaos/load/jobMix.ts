import { seededRandom } from '../seededRandom.ts';
import type { SeededRandom } from '../seededRandom.ts';

/** One job that a client wants, and what it does with it later. */
export interface WantedJob {
  readonly token: string;
  readonly body: Body;
  /** Sent until it is answered, under this key; without one it is sent once. */
  readonly key: string | undefined;
  /** Cancelled this many milliseconds after it was acknowledged. */
  readonly cancelAfterMs: number | undefined;
  /** Made due this many milliseconds after it was acknowledged. */
  readonly runNowAfterMs?: number;
  /** Given another priority this many milliseconds after it was acknowledged. */
  readonly moveAfterMs?: number;
  /** Sent this many milliseconds after it was acknowledged. */
  readonly signals?: readonly WantedSignal[];
  /** Expected to fail for good, and then asked to run again, with this in the body of the request. */
  readonly retry?: Body;
  /** Expected to complete, and then created anew. */
  readonly rerun?: true;
}

/** Its payload is its place among the signals of the job. */
export interface WantedSignal {
  readonly afterMs: number;
  readonly name: string;
}

type Body = Readonly<Record<string, unknown>>;
/** Makes the body of a webhook that is answered in some way, and of an errand: a job with steps. */
interface Bodies {
  readonly call: (how: string) => Body;
  readonly errand: (work: Body) => Body;
}
type Recipe = (random: SeededRandom, bodies: Bodies) => Partial<WantedJob> & { body: Body };

/** Where the log keeps events for seconds, an old attempt whose worker is killed is taken over a minute after this time. */
const TIMEOUT_MS = 30_000;

/** How many unique keys there are. */
const GROUPS = 3;

/** Of every five jobs, one is of high and one of low priority; one says that it is normal. */
const PRIORITIES = ['high', 'low', 'normal', undefined, undefined];

/** Of an errand. */
const MOST_STEPS = 5;

const SIGNALS = ['approved', 'paid'];
/** Signals come within this time, before and after their waits have begun. */
const SIGNALS_MS = [500, 6_000, 25_000];

/** The longest sleeps of a kind: some keep their slot, most do not. */
const NAPS_MS = [1_500, 8_000, 25_000];

const short = { backoff: { type: 'fixed', delayMs: 300 } };

/** The kinds of work and how many of each hundred jobs are such. */
const recipes: readonly (readonly [share: number, recipe: Recipe])[] = [
  [14, (_random, { call }) => ({ body: call('ok') })],
  [3, (random, { call }) => ({ body: oneOf(call('ok'), random) })],
  [3, (random, { call }) => ({ body: oneOf(call(`slow-${random.int(50, 2_500)}`), random) })],
  [2, (random, { call }) => ({ body: oneOf(call('once'), random), retry: {} })],
  [3, (_random, { call }) => ({ body: call('ok'), rerun: true })],
  [10, (random, { call }) => ({ body: call(`slow-${random.int(50, 2_500)}`) })],
  [8, (random, { call }) => ({ body: { ...call(`fail-${random.int(1, 3)}`), ...short } })],
  [
    2,
    (random, { call }) => ({
      body: { ...call(`fail-${random.int(1, 3)}`), backoff: { type: 'fixed', delayMs: 3_000 } },
      moveAfterMs: random.int(0, 4_000),
    }),
  ],
  [4, (_random, { call }) => ({ body: call('gone') })],
  [2, (_random, { call }) => ({ body: call('once'), retry: {} })],
  [2, (_random, { call }) => ({ body: call('gone'), retry: { payload: call('ok')['payload'], reason: 'mended' } })],
  [4, (random, { errand }) => signalledErrand(random, errand)],
  [2, (random, { errand }) => signalledErrand(random, errand, { fails: random.int(1, 3) })],
  [1, (random, { errand }) => ({ ...signalledErrand(random, errand), cancelAfterMs: random.int(0, 2_000) })],
  [2, (random, { errand }) => mendedErrand(random, errand, { keepSteps: true })],
  [1, (random, { errand }) => mendedErrand(random, errand)],
  [4, (random, { call }) => ({ body: { ...call('ok'), delayMs: random.int(500, 12_000) } })],
  [3, (random, { call }) => ({ body: { ...call('ok'), delayMs: 8_000 }, moveAfterMs: random.int(0, 9_000) })],
  [3, (random, { call }) => ({ body: { ...call('ok'), delayMs: 12_000 }, runNowAfterMs: random.int(0, 8_000) })],
  [14, (random) => ({ body: sleep({ durationMs: random.int(0, 40) }) })],
  [5, (random) => ({ body: { ...sleep({ durationMs: 20, failTimes: random.int(1, 6) }), ...short } })],
  [
    3,
    (random) => ({
      body: { ...sleep({ durationMs: 3_000 }), timeoutMs: random.int(100, 400), maxAttempts: 2, ...short },
    }),
  ],
  [3, (random) => ({ body: sleep({ durationMs: 5_000 }), cancelAfterMs: random.int(0, 3_000) })],
  [
    2,
    (random, { call }) => ({
      body: { ...call('ok'), runAt: inMs(random.int(0, 8_000)) },
      cancelAfterMs: random.int(0, 8_000),
    }),
  ],
];

/** Job number `index` of a run: always the same for one seed, but for the time of day. */
export function wantedJob(seed: string, index: number, receiver: string): WantedJob {
  const random = seededRandom(seed, `job ${index}`);
  const token = `job-${index}`;
  const call = (how: string) => ({ type: 'webhook', payload: { url: `${receiver}/${how}/${token}`, body: { token } } });
  const errand = (work: Body) => ({ type: 'errand', payload: { url: receiver, token, ...work } });
  const { body, ...rest } = draw(random)(random, { call, errand });
  const key = random.chance(0.5) ? `${seed}-${index}` : undefined;
  const priority = random.pick(PRIORITIES);
  const given = priority === undefined ? {} : { priority };
  const whole = { timeoutMs: TIMEOUT_MS, ...body, ...given, tags: [token] };
  return { cancelAfterMs: undefined, ...rest, token, key, body: whole };
}

function draw(random: SeededRandom): Recipe {
  let ticket = random.int(1, 100);
  for (const [share, recipe] of recipes) {
    ticket -= share;
    if (ticket <= 0) return recipe;
  }
  throw new Error('the shares do not add up to a hundred');
}

function stepsOf(random: SeededRandom): Body {
  const steps = random.int(1, MOST_STEPS);
  return {
    steps,
    ms: random.int(0, 600),
    isTogether: random.chance(0.3),
    naps: napsOf(random, steps),
    waits: [],
    fails: 0,
    failsAt: random.int(0, steps - 1),
    isWithin: random.chance(0.5),
    isForGood: false,
  };
}

/** Half of these wait for signals, and each wait gets its own: none without a time limit is left waiting. */
function signalledErrand(random: SeededRandom, errand: Bodies['errand'], options: Body = {}): ReturnType<Recipe> {
  const work = { ...stepsOf(random), ...options };
  const isWaiting = random.chance(0.5);
  const steps = Array.from({ length: Number(work['steps']) });
  const waits = steps.map(() => (isWaiting && random.chance(0.6) ? waitOf(random) : null));
  const spreadMs = random.pick(SIGNALS_MS);
  const signals = waits.flatMap((wait) =>
    wait === null ? [] : [{ name: wait.signal, afterMs: random.int(0, spreadMs) }],
  );
  return { body: { ...errand({ ...work, waits }), ...short }, signals };
}

function waitOf(random: SeededRandom) {
  const signal = random.pick(SIGNALS);
  return random.chance(0.5) ? { signal } : { signal, timeoutMs: random.int(1, random.pick(NAPS_MS)) };
}

/** Half of the errands sleep; the log of some scenarios has lost the events of before a long sleep when that ends. */
function napsOf(random: SeededRandom, steps: number): readonly number[] {
  const sleeps = random.chance(0.5);
  const nap = () => (sleeps && random.chance(0.6) ? random.int(1, random.pick(NAPS_MS)) : 0);
  return Array.from({ length: steps }, nap);
}

/** Fails for good between its steps, and is then asked to run again with a payload with which it does not. */
function mendedErrand(random: SeededRandom, errand: Bodies['errand'], options: Body = {}): ReturnType<Recipe> {
  const work = stepsOf(random);
  const payload = errand({ ...work, fails: 0 })['payload'];
  return { body: errand({ ...work, fails: 1, isForGood: true }), retry: { payload, reason: 'mended', ...options } };
}

function sleep(payload: object): Body {
  return { type: 'sleep', payload };
}

/** Unique among a few: while one has not ended, others of its group are not created. */
function oneOf(body: Body, random: SeededRandom): Body {
  const payload = body['payload'] as { readonly body: object };
  const grouped = { ...payload, body: { ...payload.body, group: random.int(1, GROUPS) } };
  return {
    ...body,
    payload: grouped,
    unique: { by: ['payload.body.group'], onConflict: random.chance(0.3) ? 'replace' : 'keep' },
  };
}

function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
