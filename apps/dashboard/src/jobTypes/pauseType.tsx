import type { JobType } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { ReasonDialog } from '../parts/dialogs/reasonDialog.tsx';
import { ReasonlessButton } from '../parts/dialogs/reasonlessButton.tsx';
import { useMay } from '../session/session.ts';

/** Pauses a type with a reason, or resumes it; nothing for those who may not. */
export function PauseType({ type: { type, paused } }: { readonly type: JobType }) {
  const client = useClient();
  const queryClient = useQueryClient();
  if (!useMay('admin')) return null;
  const changed = () => queryClient.invalidateQueries({ queryKey: ['types'] });
  if (paused) {
    return <ReasonlessButton label="Resume" of={type} onPress={() => client.types.resume(type).then(changed)} />;
  }
  const pause = (reason: string | undefined) =>
    client.types.pause(type, reason === undefined ? {} : { reason }).then(changed);
  return (
    <ReasonDialog action="Pause" of={type} title={`Pause ${type}?`} onConfirm={pause}>
      No worker starts jobs of this type until it is resumed; running ones go on, and new ones are accepted.
    </ReasonDialog>
  );
}

/** Pauses every type, also those that appear later, or resumes those that were paused so; nothing for those who may not. */
export function PauseAll({ types }: { readonly types: readonly JobType[] }) {
  const client = useClient();
  const queryClient = useQueryClient();
  if (!useMay('admin')) return null;
  const changed = () => queryClient.invalidateQueries({ queryKey: ['types'] });
  if (types.some(({ pausedWithAll }) => pausedWithAll)) {
    return <ReasonlessButton label="Resume all" of="types" onPress={() => client.types.resumeAll().then(changed)} />;
  }
  const pause = (reason: string | undefined) =>
    client.types.pauseAll(reason === undefined ? {} : { reason }).then(changed);
  return (
    <ReasonDialog action="Pause all" of="types" title="Pause all job types?" onConfirm={pause}>
      No worker starts a job of any type until they are resumed, of types that appear later neither.
    </ReasonDialog>
  );
}
