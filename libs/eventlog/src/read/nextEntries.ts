import { entryOfBytes } from './archivedFeed.ts';
import type { LogMessages } from './directReader.ts';
import type { ExpiredEvents } from './expiredEvents.ts';
import type { LogEntry } from './logEntry.ts';

/** Where the next messages may be. */
interface NextEntriesSource {
  readonly messages: Pick<LogMessages, 'from'>;
  /** Only for a log with an archive. */
  readonly expired: Pick<ExpiredEvents, 'messagesAfter'> | undefined;
}

/**
 * Reads the messages after a sequence without a consumer, up to `count` of the log or a block of its archive; none at the
 * end. Without an archive it begins behind those that have expired.
 */
export async function nextEntries(
  { messages, expired }: NextEntriesSource,
  { after, count }: { readonly after: number; readonly count: number },
): Promise<readonly LogEntry[]> {
  if (expired !== undefined) {
    for await (const archived of expired.messagesAfter(after)) return archived.map((message) => entryOfBytes(message));
  }
  const stored = await messages.from(after + 1, { count });
  const isGap = stored[0] !== undefined && stored[0].sequence > after + 1;
  // They have expired since the archive was asked, which has them.
  if (isGap && expired !== undefined) return [];
  return stored.map((message) => entryOfBytes(message));
}
