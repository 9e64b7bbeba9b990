import { eventually } from '@jobstream/testing';
import type { ComposeProject } from './composeProject.ts';

export interface SettledJobs {
  /** Acknowledged jobs that the table does not have. */
  readonly lost: readonly string[];
  /** Jobs by what became of them: `completed at attempt 1`. */
  readonly outcomes: ReadonlyMap<string, number>;
}

const tenMinutes = 600_000;

/** Waits until all of these jobs have ended, or nothing has changed for a long time, and tells what became of them. */
export async function settledJobs(project: ComposeProject, ids: ReadonlySet<string>): Promise<SettledJobs> {
  await eventually(
    async () => {
      const open = "SELECT count(*) FROM jobs WHERE status NOT IN ('completed', 'failed', 'cancelled')";
      const [[open_, all] = []] = (await project.query(`SELECT (${open}), count(*) FROM jobs`)).map((row) =>
        row.split('|'),
      );
      if (open_ !== '0' || Number(all) < ids.size) throw new Error(`${open_} of ${all} jobs are open`);
    },
    { timeoutMs: tenMinutes, intervalMs: 1_000 },
  );
  const rows = (await project.query('SELECT id, status, attempt FROM jobs')).map((row) => row.split('|'));
  const byId = new Map(rows.map(([id = '', status, attempt]) => [id, `${status} at attempt ${attempt}`]));
  const outcomes = new Map<string, number>();
  for (const id of ids) {
    const outcome = byId.get(id) ?? 'lost';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return { lost: [...ids].filter((id) => !byId.has(id)), outcomes };
}
