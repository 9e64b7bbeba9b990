import type { JobOperation } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { ReasonlessButton } from '../parts/dialogs/reasonlessButton.tsx';
import { useMay } from '../session/session.ts';

export function isUnderWay({ status }: JobOperation): boolean {
  return status === 'running' || status === 'paused';
}

const WORDS = { running: '▸ running', paused: '‖ paused', completed: '✓ completed', cancelled: '⊘ cancelled' } as const;

/** How far an operation is, as a bar and in figures. */
export function Progress({ operation }: { readonly operation: JobOperation }) {
  const { status, total, done, skipped, failed, hindrance, reasons = [] } = operation;
  const processed = done + skipped + failed;
  return (
    <div className={`progress ${status}`}>
      <progress value={processed} max={Math.max(1, total)} aria-label="Processed jobs" />
      <p aria-live="polite">
        <strong>{WORDS[status]}</strong> {processed.toLocaleString()} of {total.toLocaleString()}:{' '}
        {done.toLocaleString()} done, {skipped.toLocaleString()} skipped, {failed.toLocaleString()} failed
      </p>
      {reasons.map(({ outcome, reason, count }) => (
        <p key={`${outcome} ${reason}`} className={outcome === 'failed' ? 'warn' : 'dim'}>
          {count.toLocaleString()} {outcome}: {reason}
        </p>
      ))}
      {hindrance !== undefined && <p className="warn">It waits and goes on by itself: {hindrance}.</p>}
    </div>
  );
}

/** Pause, resume and cancel, as far as they are possible. */
export function Steering({ operation }: { readonly operation: JobOperation }) {
  const { operations } = useClient();
  const queryClient = useQueryClient();
  const may = useMay('jobs:write');
  if (!may || !isUnderWay(operation)) return null;
  const { id, status, kind } = operation;
  const steer = (step: 'pause' | 'resume' | 'cancel') => async () => {
    queryClient.setQueryData(['operation', id], await operations[step](id));
    await queryClient.invalidateQueries({ queryKey: ['operations'] });
  };
  const of = `the operation: ${kind}`;
  return (
    <span className="actions">
      {status === 'running' ? (
        <ReasonlessButton label="Pause" of={of} onPress={steer('pause')} />
      ) : (
        <ReasonlessButton label="Resume" of={of} onPress={steer('resume')} />
      )}
      <ReasonlessButton label="Cancel" of={of} onPress={steer('cancel')} />
    </span>
  );
}
