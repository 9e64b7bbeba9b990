import type { EventFeed, EventLog } from '@jobstream/eventlog';

/** A log of which nothing arrives until it is released; stopping a feed releases it as well. */
export interface HeldLog extends AsyncDisposable {
  readonly eventLog: Pick<EventLog, 'follow'>;
  release(): void;
}

export function heldLog(eventLog: Pick<EventLog, 'follow'>): HeldLog {
  const gate = Promise.withResolvers<void>();
  const held = (feed: EventFeed): EventFeed => ({
    stop() {
      gate.resolve();
      return feed.stop();
    },
    async *[Symbol.asyncIterator]() {
      await gate.promise;
      yield* feed;
    },
  });
  const follow = (options: { after: number }) => held(eventLog.follow(options));
  return {
    eventLog: { follow },
    release: () => gate.resolve(),
    async [Symbol.asyncDispose]() {
      gate.resolve();
      await gate.promise;
    },
  };
}
