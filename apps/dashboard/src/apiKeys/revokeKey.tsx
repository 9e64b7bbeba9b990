import { Dialog } from '@base-ui/react/dialog';
import type { ApiKey } from '@jobstream/client';
import { useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { Failure } from '../parts/notes.tsx';

interface RevokeKeyProps {
  readonly apiKey: ApiKey;
  /** Whether it is the key of this login. */
  readonly own: boolean;
  readonly onRevoked: () => Promise<unknown>;
}

/** Revokes a key, after a question: it cannot be undone. */
export function RevokeKey({ apiKey: { id, name }, own, onRevoked }: RevokeKeyProps) {
  const client = useClient();
  const [open, setOpen] = useState(false);
  const [error, setError] = useState<Error>();
  const revoke = () => {
    client.keys
      .revoke(id)
      .then(onRevoked)
      .then(() => setOpen(false), setError);
  };
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger>
        Revoke<span className="sr-only"> {name}</span>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>Revoke the key {name}?</Dialog.Title>
          <Dialog.Description>
            Every process refuses it within 3 seconds, permanently. What it has created stays.
            {own && ' It is the key of this login: you will have to log in with another one.'}
          </Dialog.Description>
          {error !== undefined && <Failure error={error} />}
          <div className="actions">
            <Dialog.Close className="quiet">Back</Dialog.Close>
            <button type="button" className="primary" onClick={revoke}>
              Revoke
            </button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
