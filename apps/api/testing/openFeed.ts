import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { eventually } from '@jobstream/test-support';
import { expect } from 'vitest';

export interface FeedEvent {
  readonly id: number;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly jobId: string };
}

/** A client of a `text/event-stream` like a browser's EventSource, without reconnecting. */
export interface TestFeed extends Disposable {
  readonly events: readonly FeedEvent[];
  /** The position from which it would resume. */
  readonly lastEventId: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly status: number | undefined;
  /** Comments and `retry` lines. */
  readonly notes: readonly string[];
  /** Resolves to how the stream ended. */
  readonly ended: Promise<'end' | 'cut'>;
  /** Stops reading from the connection. */
  pause(): void;
  resume(): void;
  /** Resolves when `count` events were received. */
  received(count: number): Promise<readonly FeedEvent[]>;
}

export async function openFeed(url: string, headers: Record<string, string> = {}): Promise<TestFeed> {
  const sent = request(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false });
  const response = await answerTo(sent);
  const state = { events: [] as FeedEvent[], notes: [] as string[], lastEventId: headers['last-event-id'] };
  const { promise: ended, resolve } = Promise.withResolvers<'end' | 'cut'>();
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const frames = (rest + text).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) take(frame, state);
  });
  response.on('end', () => resolve('end'));
  response.on('error', () => resolve('cut'));
  return {
    events: state.events,
    notes: state.notes,
    get lastEventId() {
      return state.lastEventId;
    },
    headers: response.headers,
    status: response.statusCode,
    ended,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    received: (count) =>
      eventually(() => {
        expect(state.events.length).toBeGreaterThanOrEqual(count);
        return state.events;
      }),
    [Symbol.dispose]: () => void sent.destroy(),
  };
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sent.on('response', resolve);
  sent.on('error', reject);
  sent.end();
  return promise;
}

function take(frame: string, state: { events: FeedEvent[]; notes: string[]; lastEventId: string | undefined }): void {
  const fields = new Map<string, string>();
  for (const line of frame.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    if (name === '' || name === 'retry') state.notes.push(line);
    else fields.set(name, value);
  }
  state.lastEventId = fields.get('id') ?? state.lastEventId;
  const data = fields.get('data');
  if (data === undefined) return;
  state.events.push({
    id: Number(fields.get('id')),
    event: fields.get('event') ?? 'message',
    // Parsed lazily: hundreds of clients receive hundreds of thousands of events.
    get data() {
      return JSON.parse(data) as FeedEvent['data'];
    },
  });
}
