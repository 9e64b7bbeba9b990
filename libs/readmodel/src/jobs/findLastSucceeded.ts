import type { Job } from '@jobstream/domain';
import type { Pool } from 'pg';
import { storableText } from '../postgres/storableValues.ts';
import { pageStatement } from './jobPage.ts';
import { unlessTooExpensive } from './unlessTooExpensive.ts';

/** Among so many of the newest jobs of the type that have succeeded. */
const MOST_CANDIDATES = 1_000;

/**
 * Finds the job that has succeeded and is most like another one: of its type and tenant, with the most of its tags, and of those the last
 * to end. Undefined if none has succeeded.
 *
 * @throws QueryTooExpensiveError where many others of the type are newer.
 */
export async function findLastSucceeded(
  pool: Pool,
  { id, type, tenant, tags }: Pick<Job, 'id' | 'type' | 'tenant' | 'tags'>,
): Promise<string | undefined> {
  const ofTenant = tenant === undefined ? ['tenant IS NULL'] : [];
  const query = { type, tenant, status: 'completed', limit: MOST_CANDIDATES } as const;
  const { text, values } = pageStatement('id, tags, finished_at', query, ofTenant);
  const [own, shared] = [`$${values.push(id)}`, `$${values.push(tags.map(storableText))}`];
  const finding = pool.query<{ id: string }>(
    `SELECT id FROM (${text}) AS candidates WHERE id <> ${own}
      ORDER BY (SELECT count(*) FROM unnest(tags) AS tag WHERE tag = ANY(${shared}::text[])) DESC, finished_at DESC, id DESC LIMIT 1`,
    values,
  );
  return (await unlessTooExpensive(finding)).rows[0]?.id;
}
