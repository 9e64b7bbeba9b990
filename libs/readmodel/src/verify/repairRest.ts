import type { ClientBase } from 'pg';
import { fenceProjector } from '../rebuild/liveStep.ts';

/**
 * Replaces counts and statistics, of which there are few, and exchanges the messages in quarantine that differ; those that are right
 * keep the time at which they were put aside. Inside the transaction of a step.
 */
export async function repairRest(client: ClientBase, live: string, second: string): Promise<void> {
  const to = client.escapeIdentifier(live);
  await client.query(`DELETE FROM ${to}.job_counts`);
  await client.query(`INSERT INTO ${to}.job_counts SELECT * FROM ${second}.job_counts`);
  await client.query(`DELETE FROM ${to}.job_statistics`);
  await client.query(`INSERT INTO ${to}.job_statistics SELECT * FROM ${second}.job_statistics`);
  await client.query(`DELETE FROM ${to}.quarantined_messages l WHERE NOT EXISTS (
    SELECT FROM ${second}.quarantined_messages s WHERE s.sequence = l.sequence AND s.reason = l.reason AND s.body = l.body
      AND (s.subject, s.recorded_at) IS NOT DISTINCT FROM (l.subject, l.recorded_at))`);
  await client.query(`INSERT INTO ${to}.quarantined_messages SELECT * FROM ${second}.quarantined_messages
    ON CONFLICT (sequence) DO NOTHING`);
  await fenceProjector(client);
}
