import type { MessagePort } from 'node:worker_threads';
import { AttemptAbortedError } from '../handler/handlerErrors.ts';
import type { JobContext } from '../handler/jobHandler.ts';
import type { Logger } from '../handler/logger.ts';
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
  try {
    const handler = await handlerIn(module);
    return { kind: 'returned', value: await handler(payload, contextOf(attempt, port)) };
  } catch (error) {
    return { kind: 'threw', error: describeThrown(error) };
  } finally {
    port.close();
  }
}

async function handlerIn(module: string): Promise<(payload: unknown, ctx: JobContext) => unknown> {
  const { default: handler } = (await import(module)) as { default?: unknown };
  if (typeof handler === 'function') return handler as (payload: unknown, ctx: JobContext) => unknown;
  throw new Error(`expected the default export of ${module} to be a handler, got: ${typeof handler}`);
}

function contextOf(attempt: ThreadTask['attempt'], port: MessagePort): JobContext {
  const controller = new AbortController();
  port.on('message', ({ kind, detail }: ToThread) => controller.abort(new AttemptAbortedError(kind, detail)));
  const send = (message: FromThread) => port.postMessage(message);
  return {
    ...attempt,
    signal: controller.signal,
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
    send({ kind: 'log', level, fields: { ...bound, ...own }, message });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerTo(send, { ...bound, ...fields }),
  };
}
