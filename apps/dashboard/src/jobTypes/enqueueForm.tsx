import type { CreatedJob, JobType } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { type SubmitEvent, useEffect, useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { Failure } from '../parts/notes.tsx';
import { PayloadVerdict, usePayloadCheck } from '../payloads/payloadCheck.tsx';
import { initialValue } from '../schemaForm/field.ts';
import { PayloadField } from '../schemaForm/payloadField.tsx';
import { useMay } from '../session/session.ts';

/** A form that creates one job of a type, made from the schema that its workers have announced. */
export function EnqueueForm({ type }: { readonly type: JobType }) {
  if (!useMay('jobs:write')) return <p className="dim">Creating jobs needs the scope jobs:write.</p>;
  return (
    <section aria-labelledby="enqueue">
      <h2 id="enqueue">Create a job</h2>
      <Form type={type} />
    </section>
  );
}

/** What became of the last attempt to create a job. */
interface Outcome {
  readonly created?: CreatedJob;
  readonly error?: Error;
}

function Form({ type: { type, payloadSchema } }: { readonly type: JobType }) {
  const client = useClient();
  const [payload, setPayload] = useState<unknown>(() => initialValue(payloadSchema ?? true, payloadSchema ?? true));
  const [tried, setTried] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>({});
  const check = usePayloadCheck(type, payload ?? null);
  const mistakes = tried ? (check?.mistakes ?? []) : [];
  const [asked, setAsked] = useState(false);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setTried(true);
    setOutcome({});
    setAsked(true);
  };
  // One may press before the schema was looked at, which is loaded for that: nothing is sent unchecked.
  useEffect(() => {
    if (!asked || check === undefined) return;
    setAsked(false);
    if (check.refused) return;
    client.jobs.create({ type, payload: payload ?? null }).then(
      (created) => setOutcome({ created }),
      (error: Error) => setOutcome({ error }),
    );
  }, [asked, check, client, type, payload]);
  return (
    <form className="enqueue" onSubmit={submit}>
      <PayloadField schema={payloadSchema} value={payload} mistakes={mistakes} onChange={setPayload} />
      {mistakes.length > 0 && <PayloadVerdict check={check} />}
      {outcome.error !== undefined && mistakes.length === 0 && <Failure error={outcome.error} />}
      {outcome.created !== undefined && <Created job={outcome.created} />}
      <button type="submit" className="primary">
        Create job
      </button>
    </form>
  );
}

function Created({ job: { id, warnings = [] } }: { readonly job: CreatedJob }) {
  return (
    <p role="status">
      Created:{' '}
      <Link to="/jobs/$id" params={{ id }} className="mono">
        {id}
      </Link>
      {warnings.map(({ detail }) => (
        <span key={detail} className="warn">
          {' '}
          {detail}
        </span>
      ))}
    </p>
  );
}
