import type { Schedule } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { ReasonDialog } from '../parts/dialogs/reasonDialog.tsx';
import { useMay } from '../session/session.ts';
import { ChangeSchedule } from './changeSchedule.tsx';

/** What may be done to a schedule by this caller: run it now, pause it, change it. */
export function ScheduleActions({ schedule }: { readonly schedule: Schedule }) {
  if (!useMay('schedules:write')) return null;
  return (
    <div className="actions">
      <RunSchedule schedule={schedule} />
      <PauseSchedule schedule={schedule} />
      <ChangeSchedule schedule={schedule} />
    </div>
  );
}

function RunSchedule({ schedule: { name } }: { readonly schedule: Schedule }) {
  const client = useClient();
  const navigate = useNavigate();
  const run = async (reason: string | undefined) => {
    const { id } = await client.schedules.run(name, reason === undefined ? {} : { reason });
    await navigate({ to: '/jobs/$id', params: { id } });
  };
  return (
    <ReasonDialog action="Run now" of={name} title={`Run ${name} now?`} onConfirm={run}>
      Its job is created at once, and its ticks stay as they are.
    </ReasonDialog>
  );
}

function PauseSchedule({ schedule: { name, enabled, version } }: { readonly schedule: Schedule }) {
  const client = useClient();
  const queryClient = useQueryClient();
  const change = async (reason: string | undefined) => {
    const changes = { enabled: !enabled, ...(reason === undefined ? {} : { reason }) };
    await client.schedules.change(name, changes, { ifVersion: version });
    await queryClient.invalidateQueries({ queryKey: ['schedules'] });
  };
  return enabled ? (
    <ReasonDialog action="Pause" of={name} title={`Pause ${name}?`} onConfirm={change}>
      It creates no jobs until it is resumed. Ticks that pass meanwhile are left out.
    </ReasonDialog>
  ) : (
    <ReasonDialog action="Resume" of={name} title={`Resume ${name}?`} onConfirm={change}>
      It creates jobs at its ticks again, from now on.
    </ReasonDialog>
  );
}
