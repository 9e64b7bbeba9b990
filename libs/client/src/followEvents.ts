import { UnavailableError, UnexpectedAnswerError } from './errors.ts';
import { pause } from './pause.ts';
import { retryDelay } from './pause.ts';
import { ServerSentEvents, type ServerSentEvent } from './serverSentEvents.ts';
import { timeLimit } from './timeLimit.ts';
import { received, type ApiRequest, type Transport } from './transport.ts';

/** The API sends something every 15 s; after three times that the connection is as good as lost. */
const SILENCE_MS = 45_000;

const NO_CONTENT = 204;

/**
 * The events of a feed of the API. When the connection is lost it is made again, and the events go on after the last one
 * that was handed out: none is left out, none comes twice. Ends when the API says that there is nothing more to come.
 * The first connection must succeed within the time for retries; after that there is no limit but the caller's signal.
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

/** How long to wait for the next try; throws the failure of this one if the next would be too late. */
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
