import type { MsgHdrs } from '@nats-io/transport-node';

export const EXPECTED_SEQUENCE = 'Nats-Expected-Last-Subject-Sequence';
export const EXPECTED_FILTER = 'Nats-Expected-Last-Subject-Sequence-Subject';

/** The header block of one append, ready for the wire. */
export function expectationHeaders(expectedSequence: number, filter: string): MsgHdrs {
  return encoded(`${EXPECTED_SEQUENCE}: ${expectedSequence}\r\n${EXPECTED_FILTER}: ${filter}\r\n`);
}

/** As `expectationHeaders`, for message `position` (1, 2, …) of an atomic batch. */
export function batchHeaders(
  expectation: { readonly expected: number; readonly filter: string },
  batch: { readonly id: string; readonly position: number; readonly last: boolean },
): MsgHdrs {
  const commit = batch.last ? 'Nats-Batch-Commit: 1\r\n' : '';
  return encoded(
    `${EXPECTED_SEQUENCE}: ${expectation.expected}\r\n${EXPECTED_FILTER}: ${expectation.filter}\r\n` +
      `Nats-Batch-Id: ${batch.id}\r\nNats-Batch-Sequence: ${batch.position}\r\n${commit}`,
  );
}

/** The headers that turn a message into a schedule which fires once at `at` to the subject `target`. */
export function scheduleHeaders(at: string, target: string): MsgHdrs {
  return encoded(`Nats-Schedule: @at ${at}\r\nNats-Schedule-Target: ${target}\r\n`);
}

/** The headers that turn a message into a schedule which fires by six cron fields, in a time zone, to the subject `target`. */
export function cronHeaders(pattern: string, timeZone: string, target: string): MsgHdrs {
  // Without the header it is UTC, which needs no time zone database on the server.
  const zone = timeZone === 'UTC' ? '' : `Nats-Schedule-Time-Zone: ${timeZone}\r\n`;
  return encoded(`Nats-Schedule: ${pattern}\r\n${zone}Nats-Schedule-Target: ${target}\r\n`);
}

export function plainHeaders(): MsgHdrs {
  return encoded('');
}

/**
 * The client asks a header object only for its bytes when it publishes; building them from one string instead of a map
 * of lists halves the cost of a publish. The values are ours alone (numbers, ids, subjects), so none needs escaping.
 */
function encoded(lines: string): MsgHdrs {
  const bytes = Buffer.from(`NATS/1.0\r\n${lines}\r\n`, 'latin1');
  return { encode: () => bytes } as unknown as MsgHdrs;
}
