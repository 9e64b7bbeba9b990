import type { Job } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { LastSucceeded } from '../comparison/lastSucceeded.tsx';
import { useEscape } from '../keys/useEscape.ts';
import { useLeave } from '../keys/useLeave.ts';
import { useClient } from '../live/dashboardContext.ts';
import { Failure } from '../parts/notes.tsx';
import { JsonEditor } from '../payloads/jsonEditor.tsx';
import { isSame } from '../payloads/payloadChange.ts';
import { PayloadVerdict, usePayloadCheck } from '../payloads/payloadCheck.tsx';
import { JsonDiff } from '../payloads/jsonDiff.tsx';
import { readJson, writeJson } from '../payloads/readJson.ts';
import type { SentPayload } from './retried.tsx';

interface EditFormProps {
  readonly job: Job;
  readonly onSent: (sent: Pick<SentPayload, 'before' | 'after'>) => void;
}

/** The payload in an editor, what workers would say of it, what changes, and a reason. */
export function EditForm({ job, onSent }: EditFormProps) {
  const [before] = useState(job.payload);
  const [text, setText] = useState(() => writeJson(before));
  const [reason, setReason] = useState('');
  const typed = readJson(text);
  const after = 'value' in typed ? typed.value : before;
  const check = usePayloadCheck(job.type, after);
  const { retry, busy, error } = useRetry(job.id, { before, after, reason }, onSent);
  const refused = 'mistake' in typed || check?.refused === true;
  const warning = useEscapeTwice(job.id, { isTyped: text !== writeJson(before) || reason !== '' });
  return (
    <form onSubmit={retry}>
      <JsonEditor label="Payload" text={text} onChange={setText} />
      <PayloadVerdict check={check} />
      <section>
        <h2>What changes</h2>
        <JsonDiff what="payload" before={before} after={after} />
      </section>
      <LastSucceeded id={job.id} payload={after} />
      <label className="field">
        Reason <span className="dim">(optional, kept in the history)</span>
        <input value={reason} maxLength={1_000} autoComplete="off" onChange={({ target }) => setReason(target.value)} />
      </label>
      {error !== undefined && <Failure error={error} />}
      <p className="warn" aria-live="polite">
        {warning}
      </p>
      <div className="actions">
        {refused && <span className="dim">The workers of the type take no such payload.</span>}
        <button type="submit" className="primary" disabled={busy || refused}>
          {isSame(before, after) ? 'Retry unchanged' : 'Retry with this payload'}
        </button>
      </div>
    </form>
  );
}

/** Esc leaves the editor; where something was typed, which would be lost, it says so first. */
function useEscapeTwice(id: string, { isTyped }: { readonly isTyped: boolean }): string | undefined {
  const leave = useLeave(id);
  const [isWarned, setIsWarned] = useState(false);
  useEscape(() => (isTyped && !isWarned ? setIsWarned(true) : leave()));
  return isTyped && isWarned ? 'What you have typed will be lost: Esc once more leaves the editor.' : undefined;
}

interface Edited extends Pick<SentPayload, 'before' | 'after'> {
  readonly reason: string;
}

function useRetry(id: string, { before, after, reason }: Edited, onSent: EditFormProps['onSent']) {
  const client = useClient();
  const queryClient = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const retry = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const payload = isSame(before, after) ? {} : { payload: after };
    setBusy(true);
    const send = async () => {
      queryClient.setQueryData(['job', id], await client.jobs.retry(id, { ...payload, ...reasonOf(reason) }));
      onSent({ before, after });
    };
    send()
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return { retry, busy, error };
}

function reasonOf(reason: string): { readonly reason?: string } {
  return reason === '' ? {} : { reason };
}
