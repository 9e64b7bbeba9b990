import type { Schedule, ScheduleChanges } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { FormDialog } from '../parts/dialogs/formDialog.tsx';
import { JsonField } from '../schemaForm/jsonField.tsx';

/** A dialog that changes when a schedule ticks, and the payload of its jobs. */
export function ChangeSchedule({ schedule }: { readonly schedule: Schedule }) {
  const client = useClient();
  const queryClient = useQueryClient();
  const { name, cron, timeZone, job, version } = schedule;
  const [payload, setPayload] = useState(job.payload);
  const change = async (form: FormData) => {
    await client.schedules.change(name, changesOf(form, schedule, payload), { ifVersion: version });
    await queryClient.invalidateQueries({ queryKey: ['schedules'] });
  };
  return (
    <FormDialog
      action="Change"
      of={name}
      title={`Change ${name}`}
      description="Jobs that it has created stay as they are. Somebody else’s change in the meantime is not overwritten."
      onSubmit={change}
    >
      <Text name="cron" label="Cron expression" value={cron} />
      <Text name="timeZone" label="Time zone" value={timeZone} />
      <JsonField label="Payload" value={job.payload} onChange={setPayload} />
      <Text name="reason" label="Reason (optional, kept in the history)" value="" />
    </FormDialog>
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
