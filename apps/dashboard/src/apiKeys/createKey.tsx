import { Dialog } from '@base-ui/react/dialog';
import type { CreatedKey, KeyScope, NewKey } from '@jobstream/client';
import { type SubmitEvent, useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { Failure } from '../parts/notes.tsx';
import { useSession } from '../session/session.ts';

const SCOPES: readonly (readonly [scope: KeyScope, allows: string])[] = [
  ['jobs:read', 'look at jobs'],
  ['jobs:write', 'create and change jobs'],
  ['jobs:debug', 'see the stacks of errors'],
  ['schedules:write', 'change schedules'],
  ['admin', 'everything'],
];

const DAY_MS = 86_400_000;
/** In days; 0 is no end. */
const LIFETIMES = [30, 90, 365, 0] as const;

/** A dialog that creates a key. */
export function CreateKey({ onCreated }: { readonly onCreated: (key: CreatedKey) => Promise<unknown> }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className="primary">Create key</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>Create an API key</Dialog.Title>
          <Dialog.Description>Give it no more than its program needs.</Dialog.Description>
          <KeyForm onCreated={(key) => onCreated(key).finally(() => setOpen(false))} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function KeyForm({ onCreated }: { readonly onCreated: (key: CreatedKey) => Promise<unknown> }) {
  const client = useClient();
  const [error, setError] = useState<Error>();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setError(undefined);
    client.keys.create(keyOf(new FormData(event.currentTarget), Date.now())).then(onCreated, setError);
  };
  return (
    <form onSubmit={submit}>
      <KeyFields />
      {error !== undefined && <Failure error={error} />}
      <div className="actions">
        <Dialog.Close className="quiet">Back</Dialog.Close>
        <button type="submit" className="primary">
          Create
        </button>
      </div>
    </form>
  );
}

function KeyFields() {
  const { tenant } = useSession();
  return (
    <>
      <label>
        Name
        <input name="name" required maxLength={100} autoComplete="off" />
      </label>
      <fieldset>
        <legend>Scopes</legend>
        {SCOPES.map(([scope, allows]) => (
          <label key={scope} className="choice">
            <input type="checkbox" name="scope" value={scope} defaultChecked={scope === 'jobs:read'} />
            <span>
              <code>{scope}</code> <span className="dim">{allows}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {tenant === undefined && (
        <label>
          Tenant <span className="dim">(optional: limits it to one)</span>
          <input name="tenant" maxLength={64} autoComplete="off" spellCheck={false} />
        </label>
      )}
      <label>
        Expires
        <select name="days" defaultValue="90">
          {LIFETIMES.map((days) => (
            <option key={days} value={days}>
              {days === 0 ? 'never' : `in ${days} days`}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

function keyOf(form: FormData, now: number): NewKey {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === 'string' ? value : '';
  };
  const [tenant, days] = [text('tenant'), Number(text('days'))];
  return {
    name: text('name'),
    scopes: form.getAll('scope') as KeyScope[],
    ...(tenant === '' ? {} : { tenant }),
    ...(days === 0 ? {} : { expiresAt: new Date(now + days * DAY_MS).toISOString() }),
  };
}
