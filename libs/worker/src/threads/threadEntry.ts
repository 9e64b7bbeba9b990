import { inspect } from 'node:util';
import type { MessagePort } from 'node:worker_threads';
import { AttemptAbortedError } from '../handler/handlerErrors.ts';
import type { JobContext } from '../handler/jobHandler.ts';
import { jsonResult } from '../handler/jsonResult.ts';
import type { StepArguments } from '../attempt/steps/stepCall.ts';
import type { Logger } from '../handler/logger.ts';
import { StepsInThread } from './stepsInThread.ts';
import { describeThrown } from './threadErrors.ts';
import type { FromThread, ThreadOutcome, ThreadTask, ToThread } from './threadMessages.ts';

const exit = process.exit.bind(process);
// In a thread this would end the thread alone, behind the back of the pool: the attempt would never end.
process.exit = (code) => {
  throw new Error(`process.exit(${code ?? ''}) was called in the thread of a handler`);
};
// Node itself ends a thread with it after an uncaught error.
process.on('uncaughtExceptionMonitor', () => {
  process.exit = exit;
});

/** Runs the handler of a module in this thread. Called by the pool for each attempt. */
export default async function runInThread({ module, payload, attempt, port }: ThreadTask): Promise<ThreadOutcome> {
  const controller = new AbortController();
  const steps = new StepsInThread((message) => port.postMessage(message), controller.signal);
  port.on('message', (message: ToThread) => {
    if (message.kind === 'abort') controller.abort(new AttemptAbortedError(message.reason, message.detail));
    else steps.receive(message);
  });
  try {
    const handler = await handlerIn(module);
    return {
      kind: 'returned',
      value: passable(await handler(payload, contextOf(attempt, port, { controller, steps }))),
    };
  } catch (error) {
    return { kind: 'threw', error: describeThrown(error) };
  } finally {
    await steps.settled();
    port.close();
  }
}

/** The value, or what JSON makes of it where it cannot be passed between threads, e.g. for a function in it. */
function passable(value: unknown): unknown {
  try {
    structuredClone(value);
    return value;
  } catch {
    return jsonResult(value);
  }
}

async function handlerIn(module: string): Promise<(payload: unknown, ctx: JobContext) => unknown> {
  const { default: handler } = (await import(module)) as { default?: unknown };
  if (typeof handler === 'function') return handler as (payload: unknown, ctx: JobContext) => unknown;
  throw new Error(`expected the default export of ${module} to be a handler, got: ${typeof handler}`);
}

interface ThreadParts {
  readonly controller: AbortController;
  readonly steps: StepsInThread;
}

function contextOf(attempt: ThreadTask['attempt'], port: MessagePort, { controller, steps }: ThreadParts): JobContext {
  const send = (message: FromThread) => port.postMessage(message);
  return {
    ...attempt,
    signal: controller.signal,
    step: (...args: StepArguments) => steps.run(args) as Promise<never>,
    sleep: (name, ms, options) => steps.sleep(name, { ms }, options),
    sleepUntil: (name, until, options) => steps.sleep(name, { until }, options),
    waitFor: (...[name, signal, options]: Parameters<StepsInThread['waitFor']>) => steps.waitFor(name, signal, options),
    progress: ({ percent, message }) => {
      send({
        kind: 'progress',
        progress: { ...(percent === undefined ? {} : { percent }), ...(message === undefined ? {} : { message }) },
      });
    },
    log: loggerTo(send, {}),
  };
}

/** A logger whose lines are written by the main thread. Fields must be values that can be passed between threads. */
function loggerTo(send: (message: FromThread) => void, bound: object): Logger {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (first: object | string, text?: string) => {
    const [own, message] = typeof first === 'string' ? [{}, first] : [first, text];
    const fields = { ...bound, ...own };
    try {
      send({ kind: 'log', level, fields, message });
    } catch {
      // A line must not fail its attempt.
      const shown = Object.entries(fields).map(([name, value]) => [name, inspect(value, { depth: 3 })]);
      send({ kind: 'log', level, fields: Object.fromEntries(shown), message });
    }
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerTo(send, { ...bound, ...fields }),
  };
}
