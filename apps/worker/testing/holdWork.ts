import type { ServerResponse } from 'node:http';
import { startReceiver } from './startReceiver.ts';

/** Work for webhook jobs that lasts until the test lets it go, however slow the machine is. */
export interface HeldWork extends AsyncDisposable {
  readonly payload: { readonly url: string };
  /** Lets the work of these attempts end, what is at hand and what comes later. */
  letGo(attempt: number): void;
}

/** The worker must be allowed to call private addresses. */
export async function holdWork(): Promise<HeldWork> {
  const held: { attempt: number; response: ServerResponse }[] = [];
  const free = new Set<number>();
  const receiver = await startReceiver((response, { headers }) => {
    const attempt = Number(headers['x-jobstream-attempt']);
    if (free.has(attempt)) response.end();
    else held.push({ attempt, response });
  });
  return {
    payload: { url: receiver.url },
    letGo(attempt) {
      free.add(attempt);
      for (const { response } of held.filter((one) => one.attempt === attempt)) response.end();
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}
