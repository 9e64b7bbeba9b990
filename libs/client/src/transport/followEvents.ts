import { UnavailableError, UnexpectedAnswerError } from './errors.ts';
import { pause } from './pause.ts';
import { retryDelay } from './pause.ts';
import { ServerSentEvents, type ServerSentEvent } from './serverSentEvents.ts';
import { timeLimit } from './pause.ts';
import { received, type ApiRequest, type Transport } from './transport.ts';

/** The API sends at least a comment every 15 s; after three times that the connection counts as lost. */
const SILENCE_MS = 45_000;

const NO_CONTENT = 204;

/**
 * Follows a feed of the API. A lost connection is made again, and the feed resumes after the last event that was handed
 * out, without gaps or duplicates. It ends when the API ends the feed.
 *
 * The first connection must succeed within `retryForMs`; later ones are tried until the caller's signal is aborted.
 */
export async function* followEvents<Event>(
  transport: Transport,
  request: ApiRequest,
  after?: number,
): AsyncGenerator<Event, void, undefined> {
  let position = after === undefined ? undefined : String(after);
  let deadline = Date.now() + transport.retryForMs;
  for (let tries = 1; ; tries++) {
    let failure: UnavailableError | undefined;
    try {
      const response = await transport.open({ ...request, headers: feedHeaders(position) });
      if (response.status === NO_CONTENT) return;
      deadline = Infinity;
      for await (const { id, data } of blocksOf(response, request)) {
        tries = 0;
        position = id ?? position;
        if (data !== undefined) yield JSON.parse(data) as Event;
      }
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      failure = error;
    }
    await pause(delayAfter(failure, tries, deadline), request.signal);
  }
}

/** Returns the delay before the next attempt; throws the failure if that would be too late. */
function delayAfter(failure: UnavailableError | undefined, tries: number, deadline: number): number {
  const delay = retryDelay(Math.max(tries, 1), failure?.retryAfterMs);
  if (failure !== undefined && Date.now() + delay > deadline) throw failure;
  return delay;
}

function feedHeaders(position: string | undefined): Record<string, string> {
  return { accept: 'text/event-stream', ...(position === undefined ? {} : { 'last-event-id': position }) };
}

async function* blocksOf({ body, headers, status }: Response, request: ApiRequest): AsyncGenerator<ServerSentEvent> {
  if (body === null || !headers.get('content-type')?.startsWith('text/event-stream')) {
    throw new UnexpectedAnswerError(`GET ${request.path}: the answer is no event stream`, { status });
  }
  const reader = body.getReader();
  const [decoder, events] = [new TextDecoder(), new ServerSentEvents()];
  try {
    for (;;) {
      const { done, value } = await received(withinSilence(reader.read()), request);
      if (done) return;
      yield* events.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Ends the connection when nobody wants more; it may be gone already.
    reader.cancel().catch(() => undefined);
  }
}

function withinSilence<Value>(arrival: Promise<Value>): Promise<Value> {
  const limit = timeLimit(SILENCE_MS, undefined);
  const silence = new Promise<never>((_resolve, reject) => {
    limit.signal.addEventListener('abort', () => reject(limit.signal.reason), { once: true });
  });
  return Promise.race([arrival, silence]).finally(limit.lift);
}
