import type { JobContext } from '../src/index.ts';

let runs = 0;

/** With something in it that cannot be passed between threads. */
const withFunction = () => ({ runs: ++runs, close: () => undefined });

class Money {
  readonly #cents = 5;

  toJSON() {
    return { cents: this.#cents };
  }
}

const handlers = {
  'a step whose result has a function': ({ step }: JobContext) => step('charge', withFunction),
  'a result that has a function': withFunction,
  'a step whose result has a toJSON': ({ step }: JobContext) => step('price', () => new Money()),
  'a step without a function': ({ step }: JobContext) => (step as (name: string, options: object) => unknown)('x', {}),
  'a step whose options have a function': ({ step }: JobContext) =>
    step('charge', { backoff: { type: 'fixed', delayMs: 1, onRetry: () => 1 } as never }, () => 'charged'),
  'a line whose fields have a function': ({ log }: JobContext) => {
    log.info({ request: { url: '/a', on: () => undefined } }, 'asked');
    return 'done';
  },
  'a step that fails and is not waited for': async ({ step }: JobContext) => {
    void step('side', () => Promise.reject(new Error('no')));
    await step('main', () => 'done');
    return 'done';
  },
  'a signal that its schema gives a function': ({ waitFor }: JobContext) => waitFor('first', 'go' as never),
};

export type Awkward = keyof typeof handlers;

/** Does what its payload says, in a thread. */
export default function awkward(payload: Awkward, context: JobContext): unknown {
  return handlers[payload](context);
}
