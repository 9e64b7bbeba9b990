import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { AttemptAbortedError } from '../handler/handlerErrors.ts';
import type { JobContext } from '../handler/jobHandler.ts';
import { restoreThrown } from './threadErrors.ts';
import type { FromThread, ThreadOutcome, ThreadTask, ToThread } from './threadMessages.ts';
import { StepsOfThread } from './stepsOfThread.ts';

export interface ThreadPoolOptions {
  /** The module whose default export is the handler. */
  readonly module: URL;
  /** The largest number of threads; each runs one attempt at a time. */
  readonly threads: number;
  /** The largest heap of a thread, in megabytes; default: Node's. */
  readonly maxHeapMb?: number;
}

/** How long a handler may take to end after its signal was aborted, before its thread is terminated. */
const TERMINATE_AFTER_MS = 500;
/** Threads without work end after this time. */
const IDLE_MS = 60_000;
const SOURCE = import.meta.url.endsWith('.ts');

/**
 * Runs the handler of a module in worker threads, which start when they are needed. An uncaught error or a full heap ends
 * a thread and fails its attempt; the next attempt gets a new thread.
 */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  #pool: Promise<Piscina> | undefined;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /** Runs the handler once; rejects with what it throws, or with the reason for which its thread ended. */
  async run(payload: unknown, ctx: JobContext): Promise<unknown> {
    this.#pool ??= this.#open();
    const pool = await this.#pool;
    const { port1: port, port2 } = new MessageChannel();
    const termination = new AbortController();
    const release = forwardAbort(ctx.signal, port, () => termination.abort());
    const steps = new StepsOfThread(ctx, (message) => port.postMessage(message));
    port.on('message', (message: FromThread) => receive(message, ctx, steps));
    try {
      const task = taskOf(this.#options.module, payload, ctx, port2);
      const running: Promise<ThreadOutcome> = pool.run(task, { transferList: [port2], signal: termination.signal });
      const outcome = await running;
      if (outcome.kind === 'threw') throw restoreThrown(outcome.error);
      return outcome.value;
    } finally {
      release();
      steps.end();
      port.close();
    }
  }

  /** Terminates all threads. */
  async stop(): Promise<void> {
    const pool = await this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }

  async #open(): Promise<Piscina> {
    const { threads, maxHeapMb } = this.#options;
    const { Piscina: Pool } = await import('piscina');
    const pool = new Pool({
      filename: new URL(SOURCE ? './threadEntry.ts' : './threadEntry.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    // A thread that dies without a task concerns no attempt; the pool replaces it.
    pool.on('error', () => undefined);
    return pool;
  }
}

function taskOf(module: URL, payload: unknown, ctx: JobContext, port: MessagePort): ThreadTask {
  const { job, attempt, runId, traceparent } = ctx;
  return { module: module.href, payload, attempt: { job, attempt, runId, traceparent }, port };
}

/** Tells the thread of an abort, and calls `terminate` if it has not ended some time later; returns what ends this. */
function forwardAbort(signal: AbortSignal, port: MessagePort, terminate: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    const { kind: reason, message: detail } = signal.reason as AttemptAbortedError;
    port.postMessage({ kind: 'abort', reason, detail } satisfies ToThread);
    timer = setTimeout(terminate, TERMINATE_AFTER_MS);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
}

function receive(message: FromThread, ctx: JobContext, steps: StepsOfThread): void {
  if (message.kind === 'progress') ctx.progress(message.progress);
  else if (message.kind === 'log') ctx.log[message.level](message.fields, message.message);
  else if (message.kind === 'step') steps.begin(message);
  else if (message.kind === 'sleep') steps.sleep(message);
  else if (message.kind === 'wait') steps.waitFor(message);
  else if (message.kind === 'went-on') steps.wentOn(message.id);
  else steps.ran(message);
}
