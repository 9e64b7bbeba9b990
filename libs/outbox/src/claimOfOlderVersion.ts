import type { PoolClient } from 'pg';
import { type Claim, type Claimed, COLUMNS, FIRST_PLACE, type OutboxRow, type Relay, storable } from './claimJobs.ts';
import { OutboxRefusedError, unavailable } from './errors.ts';

/** Fewer, since the functions of earlier versions do not count bytes. */
const MOST_ROWS = 50;
const CLAIM = `SELECT ${COLUMNS}, 0 AS attempts FROM jobstream.claim($1, $2, $3)`;
const REJECT = 'SELECT jobstream.reject($1, $2, $3, $4, $5, $6, $7, $8)';

/**
 * As `claimJobs`, with the functions of the versions before 4, which take rows out as they claim them: what cannot leave brings back the
 * whole claim.
 *
 * @throws OutboxRefusedError when a row has to stay, with the reason of the first one that has failed.
 */
export async function claimOfOlderVersion(client: PoolClient, claim: Claim, relay: Relay): Promise<Claimed> {
  const most = Math.min(claim.most, MOST_ROWS);
  const { rows } = await unavailable(client.query<OutboxRow>(CLAIM, [claim.table, claim.after, most]));
  const last = rows.at(-1);
  const next = rows.length === most && last !== undefined ? last.place : FIRST_PLACE;
  const claimed = { rows: rows.length, next };
  if (rows.length === 0) return claimed;
  const { relayed, failed } = await relay(rows, claimed);
  const hopeless = failed.filter(({ isHopeless }) => isHopeless);
  if (relayed.length + hopeless.length < rows.length) {
    const reason = failed.find(({ isHopeless }) => !isHopeless)?.reason ?? 'the log does not take them';
    throw new OutboxRefusedError(`all ${rows.length} rows of a claim stay, since one does: ${reason}`);
  }
  for (const { row, reason } of hopeless) {
    const { id, enqueuedAt, type, payload, options, keyDigest, tenant } = row;
    const values = [id, new Date(enqueuedAt), type, payload, options, keyDigest, tenant, storable(reason)];
    await unavailable(client.query(REJECT, values));
  }
  return claimed;
}
