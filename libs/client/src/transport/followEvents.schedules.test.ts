import { checkSchedules, type Schedule } from '@jobstream/test-support';
import { array, boolean, constantFrom, integer, option, record } from 'fast-check';
import { expect, test } from 'vitest';
import { JobstreamClient } from '../index.ts';

/** What becomes of a request: it fails, is refused, or is answered with a feed that later ends, breaks or falls silent. */
type Fate = 'fails' | 'refused' | 'ends' | 'breaks' | 'falls silent';

interface Plan {
  /** Of the requests; all later ones are answered with a feed that goes on. */
  readonly fates: readonly Fate[];
  /** After how many chunks it happens. */
  readonly chunks: readonly number[];
  readonly stored: number;
  readonly appended: number;
  /** How many events the caller takes before it leaves the loop. */
  readonly taken: number;
  /** Where the feed begins, if not at the end of the log. */
  readonly after: number | undefined;
  /** The caller aborts its signal at some point. */
  readonly isAborted: boolean;
  readonly isPrompt: boolean;
}

const arbitraryPlan = record<Plan>({
  fates: array(constantFrom<Fate>('fails', 'refused', 'ends', 'breaks', 'falls silent'), { maxLength: 5 }),
  chunks: array(integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 }),
  stored: integer({ min: 0, max: 4 }),
  appended: integer({ min: 1, max: 6 }),
  taken: integer({ min: 1, max: 10 }),
  after: option(constantFrom(0, 1), { nil: undefined }),
  isAborted: boolean(),
  isPrompt: boolean(),
});

const frameOf = (sequence: number) =>
  `id: ${sequence}\nevent: JobCreated\ndata: {"sequence":${sequence},"jobType":"${NAME}"}\n\n`;
/** Wherever a frame is cut, a character may be cut as well. */
const NAME = '€'.repeat(40);

/** A frame arrives in pieces. */
function piecesOf(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const middle = Math.floor(bytes.length / 2);
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
}

/** An API with a feed whose chunks arrive, and whose connections are lost, at points of a schedule. */
class ScheduledApi {
  readonly #schedule: Schedule;
  readonly #plan: Plan;
  readonly #fates: Fate[];
  readonly #chunks: number[];
  end: number;
  /** Feeds that neither side has ended. */
  open = 0;

  constructor(schedule: Schedule, plan: Plan) {
    this.#schedule = schedule;
    this.#plan = plan;
    this.#fates = [...plan.fates];
    this.#chunks = [...plan.chunks];
    this.end = plan.stored;
  }

  async appendAll(): Promise<void> {
    for (let count = 0; count < this.#plan.appended; count++) {
      await this.#schedule.point('an event is appended');
      this.end++;
    }
  }

  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const fate = this.#fates.shift();
    await Promise.race([this.#schedule.point(`request arrives (${fate ?? 'goes on'})`), abortOf(init.signal)]);
    if (fate === 'fails') throw new TypeError('fetch failed');
    if (fate === 'refused') return new Response('{}', { status: 503, headers: { 'retry-after': '1' } });
    const asked = new Headers(init.headers).get('last-event-id');
    const first = asked ?? new URL(url).searchParams.get('after') ?? this.end;
    return new Response(this.#feed(Number(first), fate, init.signal), {
      headers: { 'content-type': 'text/event-stream' },
    });
  };

  #feed(after: number, fate: Fate | undefined, signal?: AbortSignal | null): ReadableStream<Uint8Array> {
    const over = new AbortController();
    const end = () => {
      if (!over.signal.aborted) this.open--;
      over.abort();
    };
    let [position, sent] = [after, 0];
    const last = fate === undefined ? Infinity : (this.#chunks.shift() ?? 0);
    const pieces = [...piecesOf(`retry: 1000\n\nid: ${after}\n\n`)];
    this.open++;
    const pull = async (controller: ReadableStreamDefaultController) => {
      if (sent++ >= last) return this.#end(fate, controller, end);
      if (pieces.length === 0 && position >= this.end) await pauseUntil(over.signal);
      if (pieces.length === 0) pieces.push(...piecesOf(position < this.end ? frameOf(++position) : ': heartbeat\n\n'));
      await this.#schedule.point('a chunk arrives');
      if (!over.signal.aborted) controller.enqueue(pieces.shift());
    };
    const start = (controller: ReadableStreamDefaultController) =>
      signal?.addEventListener('abort', () => {
        if (!over.signal.aborted) controller.error(signal.reason);
        end();
      });
    return new ReadableStream({ start, pull, cancel: end });
  }

  async #end(fate: Fate | undefined, controller: ReadableStreamDefaultController, end: () => void): Promise<void> {
    if (fate === 'falls silent') return new Promise(() => undefined);
    await this.#schedule.point(`the feed ${fate}`);
    end();
    if (fate === 'ends') controller.close();
    else controller.error(new TypeError('terminated'));
  }
}

/** Resolves after the time between two heartbeats of a feed, or when it is over. */
function pauseUntil(over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 15_000);
    over.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Rejects when the signal is aborted, as `fetch` does. */
function abortOf(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}

async function follow(schedule: Schedule, plan: Plan): Promise<void> {
  schedule.isPrompt = plan.isPrompt;
  const api = new ScheduledApi(schedule, plan);
  const caller = new AbortController();
  const client = new JobstreamClient({
    url: 'http://api.test',
    fetch: (url, init) => api.fetch((url as URL).href, init),
    retryForMs: plan.isPrompt ? 60_000 : 1e9,
  });
  const seen: number[] = [];
  const { after, taken, isAborted } = plan;
  const wanted = Math.min(taken, plan.stored + plan.appended - (after ?? plan.stored));
  const following = async () => {
    if (wanted <= 0) return;
    for await (const { sequence, jobType } of client.events({
      signal: caller.signal,
      ...(after === undefined ? {} : { after }),
    })) {
      expect(jobType).toBe(NAME);
      seen.push(sequence);
      if (after === undefined || seen.length >= wanted) return;
    }
  };
  if (isAborted || after === undefined) void schedule.point('the caller aborts').then(() => caller.abort());
  const [result] = await schedule.until(Promise.allSettled([following(), api.appendAll()]));
  expect(result).toEqual(
    expect.toBeOneOf([{ status: 'fulfilled' }, { status: 'rejected', reason: caller.signal.reason }]),
  );
  await schedule.untilNothingIsLeft();
  const first = after === undefined ? (seen[0] ?? 0) : after + 1;
  expect(seen).toEqual(seen.map((_sequence, index) => first + index));
  expect(seen.length >= wanted || after === undefined || caller.signal.aborted).toBe(true);
  expect(api.open).toBe(0);
}

test('a feed has every event once and in order however it is interrupted, and nothing is left when it is over', async () => {
  await expect(checkSchedules(arbitraryPlan, follow)).resolves.toBeUndefined();
});
