import { Dialog } from '@base-ui/react/dialog';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { Failure } from '../notes.tsx';

interface FormDialogProps {
  /** On the button that opens the dialog. */
  readonly action: string;
  /** What it acts on, for those who hear the page, where several buttons have the same name. */
  readonly of?: string;
  readonly className?: string;
  /** Why it cannot be opened now. */
  readonly disabledBecause?: string | undefined;
  readonly title: string;
  readonly description?: ReactNode;
  /** The fields. */
  readonly children?: ReactNode;
  /** On the button that sends the form; without it, as the one that opens it. */
  readonly confirm?: string;
  /** Rejects with what is to be shown; the dialog closes when it resolves. */
  readonly onSubmit: (form: FormData) => Promise<unknown>;
}

/** A button that opens a form. */
export function FormDialog({ action, of, className, disabledBecause, title, description, ...form }: FormDialogProps) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className={className} disabled={disabledBecause !== undefined} title={disabledBecause}>
        {action}
        {of !== undefined && <span className="sr-only"> {of}</span>}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>{title}</Dialog.Title>
          {description !== undefined && <Dialog.Description>{description}</Dialog.Description>}
          <DialogForm confirm={action} {...form} onDone={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface DialogFormProps extends Pick<FormDialogProps, 'children' | 'confirm' | 'onSubmit'> {
  readonly onDone: () => void;
}

function DialogForm({ children, confirm, onSubmit, onDone }: DialogFormProps) {
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setError(undefined);
    setBusy(true);
    onSubmit(new FormData(event.currentTarget))
      .then(onDone, setError)
      .finally(() => setBusy(false));
  };
  return (
    <form onSubmit={submit}>
      {children}
      {error !== undefined && <Failure error={error} />}
      <div className="actions">
        <Dialog.Close className="quiet">Back</Dialog.Close>
        <button type="submit" className="primary" disabled={busy}>
          {confirm}
        </button>
      </div>
    </form>
  );
}
