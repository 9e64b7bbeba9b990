import type { CreatedKey, KeyScope, NewKey } from '@jobstream/client';
import { useClient } from '../live/dashboardContext.ts';
import { FormDialog } from '../parts/dialogs/formDialog.tsx';
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
  const client = useClient();
  return (
    <FormDialog
      action="Create key"
      className="primary"
      title="Create an API key"
      description="Give it no more than its program needs."
      confirm="Create"
      onSubmit={(form) => client.keys.create(keyOf(form, Date.now())).then(onCreated)}
    >
      <KeyFields />
    </FormDialog>
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
