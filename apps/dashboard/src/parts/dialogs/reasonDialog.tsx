import type { ReactNode } from 'react';
import { FormDialog } from './formDialog.tsx';

interface ReasonDialogProps {
  /** On the button that opens the dialog, and on the one that confirms. */
  readonly action: string;
  /** What it acts on, for those who hear the page, where several buttons have the same name. */
  readonly of?: string;
  readonly title: string;
  readonly children: ReactNode;
  /** What is to be filled in before the reason. */
  readonly fields?: ReactNode;
  /** Rejects with what is to be shown. */
  readonly onConfirm: (reason: string | undefined, form: FormData) => Promise<unknown>;
}

/** A button that asks for a reason, which the event keeps, before it acts. */
export function ReasonDialog({ children, fields, onConfirm, ...dialog }: ReasonDialogProps) {
  const submit = (form: FormData) => {
    const reason = form.get('reason');
    return onConfirm(typeof reason === 'string' && reason !== '' ? reason : undefined, form);
  };
  return (
    <FormDialog {...dialog} description={children} onSubmit={submit}>
      {fields}
      <label>
        Reason <span className="dim">(optional, kept in the history)</span>
        <input name="reason" maxLength={500} autoComplete="off" />
      </label>
    </FormDialog>
  );
}
