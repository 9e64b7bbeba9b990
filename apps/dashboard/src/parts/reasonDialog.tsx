import { Dialog } from '@base-ui/react/dialog';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { Failure } from './notes.tsx';

interface ReasonDialogProps {
  /** On the button that opens the dialog, and on the one that confirms. */
  readonly action: string;
  /** What it acts on, for those who hear the page, where several buttons have the same name. */
  readonly of?: string;
  readonly title: string;
  readonly children: ReactNode;
  /** Rejects with what is to be shown. */
  readonly onConfirm: (reason: string | undefined) => Promise<unknown>;
}

/** A button that asks for a reason, which the event keeps, before it acts. */
export function ReasonDialog({ action, of, title, children, onConfirm }: ReasonDialogProps) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger>
        {action}
        {of !== undefined && <span className="sr-only"> {of}</span>}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>{title}</Dialog.Title>
          <Dialog.Description>{children}</Dialog.Description>
          <ReasonForm action={action} onConfirm={onConfirm} onDone={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface ReasonFormProps extends Pick<ReasonDialogProps, 'action' | 'onConfirm'> {
  readonly onDone: () => void;
}

function ReasonForm({ action, onConfirm, onDone }: ReasonFormProps) {
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get('reason');
    setBusy(true);
    onConfirm(typeof reason === 'string' && reason !== '' ? reason : undefined)
      .then(onDone, setError)
      .finally(() => setBusy(false));
  };
  return (
    <form onSubmit={submit}>
      <label>
        Reason <span className="dim">(optional, kept in the history)</span>
        <input name="reason" maxLength={500} autoComplete="off" />
      </label>
      {error !== undefined && <Failure error={error} />}
      <div className="actions">
        <Dialog.Close className="quiet">Back</Dialog.Close>
        <button type="submit" className="primary" disabled={busy}>
          {action}
        </button>
      </div>
    </form>
  );
}
