import { Dialog } from '@base-ui/react/dialog';
import type { Schedule, ScheduleChanges } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { Failure } from '../parts/notes.tsx';
import { JsonField } from '../schemaForm/jsonField.tsx';

/** A dialog that changes when a schedule ticks, and the payload of its jobs. */
export function ChangeSchedule({ schedule }: { readonly schedule: Schedule }) {
  const [open, setOpen] = useState(false);
  const { name } = schedule;
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger>
        Change<span className="sr-only"> {name}</span>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>Change {name}</Dialog.Title>
          <Dialog.Description>
            Jobs that it has created stay as they are. Somebody else’s change in the meantime is not overwritten.
          </Dialog.Description>
          <ChangeForm schedule={schedule} onDone={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ChangeForm({ schedule, onDone }: { readonly schedule: Schedule; readonly onDone: () => void }) {
  const client = useClient();
  const queryClient = useQueryClient();
  const { name, cron, timeZone, job, version } = schedule;
  const [payload, setPayload] = useState(job.payload);
  const [error, setError] = useState<Error>();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const changes = changesOf(new FormData(event.currentTarget), schedule, payload);
    client.schedules
      .change(name, changes, { ifVersion: version })
      .then(() => queryClient.invalidateQueries({ queryKey: ['schedules'] }))
      .then(onDone, setError);
  };
  return (
    <form onSubmit={submit}>
      <Text name="cron" label="Cron expression" value={cron} />
      <Text name="timeZone" label="Time zone" value={timeZone} />
      <JsonField label="Payload" value={job.payload} onChange={setPayload} />
      <Text name="reason" label="Reason (optional, kept in the history)" value="" />
      {error !== undefined && <Failure error={error} />}
      <div className="actions">
        <Dialog.Close className="quiet">Back</Dialog.Close>
        <button type="submit" className="primary">
          Change
        </button>
      </div>
    </form>
  );
}

function Text({ name, label, value }: { readonly name: string; readonly label: string; readonly value: string }) {
  return (
    <label>
      {label}
      <input name={name} defaultValue={value} autoComplete="off" spellCheck={false} />
    </label>
  );
}

/** Only what differs: the rest may have been changed by somebody else. */
function changesOf(form: FormData, schedule: Schedule, payload: unknown): ScheduleChanges {
  const names = ['cron', 'timeZone', 'reason'] as const;
  const before: Readonly<Record<string, unknown>> = { ...schedule, reason: '' };
  const texts = names.map((name) => [name, form.get(name)] as const).filter(([name, text]) => text !== before[name]);
  const changedPayload = JSON.stringify(payload) !== JSON.stringify(schedule.job.payload);
  return { ...Object.fromEntries(texts), ...(changedPayload ? { job: { payload: payload ?? null } } : {}) };
}
