/** The fewest columns and indexes that a table of jobs can do with, and where its writer stands. */
export const BASELINE_TABLE = `
  CREATE TABLE baseline_jobs (
    id uuid PRIMARY KEY, type text NOT NULL, status text NOT NULL, payload jsonb, result jsonb, attempts int NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL
  );
  CREATE INDEX ON baseline_jobs (status, type, id);
  CREATE INDEX ON baseline_jobs (created_at DESC);
  CREATE TABLE baseline_position (sequence bigint NOT NULL);
  INSERT INTO baseline_position VALUES (0)`;

export const STATUS: Readonly<Record<string, string>> = {
  JobCreated: 'pending',
  JobStarted: 'processing',
  JobCompleted: 'completed',
};

/** What is read of an event, and nothing of it is checked. */
export interface BaselineEvent {
  readonly jobId: string;
  readonly jobType: string;
  readonly event: string;
  readonly version: number;
  readonly at: string;
  readonly data: { readonly payload?: unknown; readonly result?: unknown; readonly attempt?: number };
}

/** A job's row in the text format of COPY, from its first and its last event. */
export function rowOf(created: BaselineEvent, { event, data, at, version }: BaselineEvent): string {
  const first = [created.jobId, created.jobType, copied(created.data.payload), created.at];
  return `${[...first, STATUS[event], copied(data.result), data.attempt ?? 0, at, version].join('\t')}\n`;
}

function copied(value: unknown): string {
  return value === undefined ? String.raw`\N` : JSON.stringify(value).replaceAll('\\', String.raw`\\`);
}
