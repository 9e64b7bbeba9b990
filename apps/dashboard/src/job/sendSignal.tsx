import type { Job } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTypes } from '../jobTypes/useTypes.ts';
import { useClient } from '../live/dashboardContext.ts';
import { FormDialog } from '../parts/dialogs/formDialog.tsx';
import { JsonField } from '../schemaForm/jsonField.tsx';
import { useMay } from '../session/session.ts';

/** Sends a signal to an unfinished job; nothing for those who may not, and for types that take none. */
export function SendSignal({ job }: { readonly job: Job }) {
  const { id } = job;
  const client = useClient();
  const queryClient = useQueryClient();
  const names = useNames(job);
  const [payload, setPayload] = useState<unknown>();
  if (!useMay('jobs:write') || names.length === 0) return null;
  const send = async (form: FormData) => {
    const name = names.find((one) => one === form.get('name'));
    if (name === undefined) throw new Error('The job takes this signal no more: choose another.');
    await client.jobs.signal(id, name, payload);
    setPayload(undefined);
    await queryClient.invalidateQueries({ queryKey: ['job', id] });
  };
  return (
    <FormDialog
      action="Send signal"
      title="Send a signal to this job?"
      description="A step that waits for it goes on when a worker has a free slot. A signal that comes first waits for its step."
      onSubmit={send}
    >
      <label>
        Signal
        <select name="name">
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <JsonField label="Payload, as JSON" value={payload} onChange={setPayload} />
    </FormDialog>
  );
}

/** The signals for which the job waits, else those that its type takes. */
function useNames({ type, awaits = [] }: Job): readonly string[] {
  const { data: types = [] } = useTypes();
  if (awaits.length > 0) return awaits;
  return Object.keys(types.find((one) => one.type === type)?.signals ?? {});
}
