import { stepChangeOf, stepId, type JobState, type LoggedEvent, type RecordedStep } from '@jobstream/domain';
import { arrayLiteral, plainArrayLiteral } from '../postgres/bulkStatement.ts';
import type { BulkStatement } from '../postgres/bulkStatement.ts';
import { storableInstant, storableJson, storableText } from '../postgres/storableValues.ts';

/** Characters of JSON in one statement, roughly. */
const MAX_STATEMENT_CHARS = 16_000_000;

const DELETE = { name: 'delete_job_steps', text: 'DELETE FROM job_steps WHERE job_id = ANY($1::uuid[])' };
const WRITE = {
  name: 'write_job_steps',
  text: `INSERT INTO job_steps (job_id, name, key, attempt, ended_at, duration_ms, result, error, signal_id, signal_name, waits_until)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::float8[], $7::jsonb[], $8::jsonb[],
      $9::text[], $10::text[], $11::timestamptz[])
    ON CONFLICT (job_id, name, key) DO UPDATE SET attempt = excluded.attempt, ended_at = excluded.ended_at,
      duration_ms = excluded.duration_ms, result = excluded.result, error = excluded.error,
      signal_id = excluded.signal_id, signal_name = excluded.signal_name, waits_until = excluded.waits_until`,
};

interface StepRow {
  readonly jobId: string;
  readonly step: RecordedStep;
  readonly result: string | null;
  readonly error: string | null;
}

/** What a batch of events did to the steps of jobs. */
export class StepRows {
  readonly #dropped = new Set<string>();
  /** By job, and by the ids of steps. */
  readonly #written = new Map<string, Map<string, RecordedStep>>();

  /** Notes an event that has changed its job. */
  note(before: JobState, event: LoggedEvent): void {
    const change = stepChangeOf(event, before?.version);
    if (change === undefined) return;
    const { jobId } = event;
    if (change.drops && (before?.stepsRecorded !== undefined || this.#written.has(jobId))) {
      this.#dropped.add(jobId);
      this.#written.delete(jobId);
    }
    if (change.steps.length === 0) return;
    const steps = this.#written.get(jobId) ?? new Map<string, RecordedStep>();
    for (const step of change.steps) steps.set(stepId(step), step);
    this.#written.set(jobId, steps);
  }

  /** Without those of jobs that are not written. */
  statements(): BulkStatement[] {
    const deletion = { ...DELETE, values: [plainArrayLiteral([...this.#dropped])], rows: undefined };
    return [...(this.#dropped.size === 0 ? [] : [deletion]), ...this.#parts().map(insertion)];
  }

  #parts(): StepRow[][] {
    const parts: StepRow[][] = [];
    let chars = Number.POSITIVE_INFINITY;
    for (const row of this.#rows()) {
      if (chars > MAX_STATEMENT_CHARS) [chars] = [0, parts.push([])];
      parts.at(-1)?.push(row);
      chars += (row.result?.length ?? 0) + (row.error?.length ?? 0);
    }
    return parts;
  }

  *#rows(): Generator<StepRow> {
    for (const [jobId, steps] of this.#written) {
      for (const step of steps.values()) {
        const result = 'result' in step ? storableJson(step.result) : null;
        yield { jobId, step, result, error: step.error === undefined ? null : storableJson(step.error) };
      }
    }
  }
}

function insertion(rows: readonly StepRow[]): BulkStatement {
  const values = [
    plainArrayLiteral(rows.map(({ jobId }) => jobId)),
    arrayLiteral(rows.map(({ step }) => storableText(step.name))),
    arrayLiteral(rows.map(({ step }) => storableText(step.key ?? ''))),
    plainArrayLiteral(rows.map(({ step }) => step.attempt)),
    plainArrayLiteral(rows.map(({ step }) => storableInstant(step.at))),
    plainArrayLiteral(rows.map(({ step }) => step.durationMs)),
    arrayLiteral(rows.map(({ result }) => result)),
    arrayLiteral(rows.map(({ error }) => error)),
    arrayLiteral(rows.map(({ step: { signal } }) => (signal === undefined ? null : storableText(signal.id)))),
    arrayLiteral(rows.map(({ step }) => step.signal?.name ?? null)),
    plainArrayLiteral(
      rows.map(({ step: { waitsUntil } }) => (waitsUntil === undefined ? null : storableInstant(waitsUntil))),
    ),
  ];
  return { ...WRITE, values, rows: undefined };
}
