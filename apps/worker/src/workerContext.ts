import type { EventLog } from '@jobstream/eventlog';
import type { Logger, Tracing } from '@jobstream/runtime';
import type { AttemptObserver } from './attempt/attemptObserver.ts';
import type { CancelWatch } from './attempt/cancelWatch.ts';
import type { Clock } from './clock.ts';
import type { HandlerRegistry } from './handler/handlerRegistry.ts';

/** What every step of an attempt may use. */
export interface WorkerContext {
  readonly eventLog: Pick<EventLog, 'append' | 'contents' | 'readJob' | 'readHistory' | 'scheduleWake'>;
  readonly cancelWatch: CancelWatch;
  readonly handlers: HandlerRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: AttemptObserver;
  readonly tracing: Pick<Tracing, 'span' | 'current'>;
  /** Names this process in the log; unique to one start of it. */
  readonly workerName: string;
  readonly ackWaitMs: number;
  /** Aborted when the grace time of a shutdown is over: running attempts must end now. */
  readonly closing: AbortSignal;
}
