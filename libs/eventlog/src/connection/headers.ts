import { randomBytes } from 'node:crypto';
import type { MsgHdrs } from '@nats-io/transport-node';

export const EXPECTED_SEQUENCE = 'Nats-Expected-Last-Subject-Sequence';
export const EXPECTED_FILTER = 'Nats-Expected-Last-Subject-Sequence-Subject';
export const TRACEPARENT = 'traceparent';

const IS_TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What an append says of itself to the server, and its trace context. */
export interface AppendAddress {
  /** The subject of the message itself. */
  readonly subject: string;
  /** The subjects whose last sequence must be the expected one. */
  readonly filter: string;
  readonly traceparent?: string | undefined;
}

/** Returns the headers of an append that is stored only after the sequence `expected`. */
export function expectationHeaders(expected: number, address: AppendAddress): MsgHdrs {
  return encoded(expectationLines(expected, address));
}

const BATCH_ID_BYTES = 9;

/** Returns an id for an atomic batch; short, since every event of the batch keeps it. */
export function batchId(): string {
  return randomBytes(BATCH_ID_BYTES).toString('base64url');
}

/** As `expectationHeaders`, for message `position` (1, 2, …) of an atomic batch. */
export function batchHeaders(
  expected: number,
  address: AppendAddress,
  batch: { readonly id: string; readonly position: number; readonly last: boolean },
): MsgHdrs {
  const commit = batch.last ? 'Nats-Batch-Commit: 1\r\n' : '';
  return encoded(
    expectationLines(expected, address) +
      `Nats-Batch-Id: ${batch.id}\r\nNats-Batch-Sequence: ${batch.position}\r\n${commit}`,
  );
}

/** Returns the headers of a server schedule that fires once at `at` to the subject `target`. */
export function scheduleHeaders(at: string, target: string, traceparent?: string): MsgHdrs {
  return encoded(`Nats-Schedule: @at ${at}\r\nNats-Schedule-Target: ${target}\r\n${traceLine(traceparent)}`);
}

/** Returns the headers of a server schedule that fires by six cron fields in a time zone to the subject `target`. */
export function cronHeaders(pattern: string, timeZone: string, target: string): MsgHdrs {
  // Without the header it is UTC, which needs no time zone database on the server.
  const zone = timeZone === 'UTC' ? '' : `Nats-Schedule-Time-Zone: ${timeZone}\r\n`;
  return encoded(`Nats-Schedule: ${pattern}\r\n${zone}Nats-Schedule-Target: ${target}\r\n`);
}

/** Returns the header of a message that the server removes after `ttl`, e.g. `24h`. */
export function ttlHeaders(ttl: string): MsgHdrs {
  return encoded(`Nats-TTL: ${ttl}\r\n`);
}

export function plainHeaders(traceparent?: string): MsgHdrs {
  return encoded(traceLine(traceparent));
}

/** Without a filter the server looks at the subject of the message. */
function expectationLines(expected: number, { subject, filter, traceparent }: AppendAddress): string {
  const filterLine = filter === subject ? '' : `${EXPECTED_FILTER}: ${filter}\r\n`;
  return `${EXPECTED_SEQUENCE}: ${expected}\r\n${filterLine}${traceLine(traceparent)}`;
}

/** Clients of the API can choose this value, so anything that is not exactly a traceparent is left out. */
function traceLine(traceparent: string | undefined): string {
  return traceparent !== undefined && IS_TRACEPARENT.test(traceparent) ? `${TRACEPARENT}: ${traceparent}\r\n` : '';
}

/**
 * The client asks a header object only for its bytes when it publishes; building them from one string instead of a map
 * of lists halves the cost of a publish. The values are ours (numbers, ids, subjects) or checked, so none needs escaping.
 */
function encoded(lines: string): MsgHdrs {
  const bytes = Buffer.from(`NATS/1.0\r\n${lines}\r\n`, 'latin1');
  return { encode: () => bytes } as unknown as MsgHdrs;
}
