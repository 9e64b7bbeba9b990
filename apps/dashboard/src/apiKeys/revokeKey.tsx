import type { ApiKey } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { FormDialog } from '../parts/dialogs/formDialog.tsx';
import { useSession } from '../session/session.ts';

/** Revokes a key, after a question: it cannot be undone. */
export function RevokeKey({ apiKey: { id, name } }: { readonly apiKey: ApiKey }) {
  const client = useClient();
  const queryClient = useQueryClient();
  const own = useSession().actor.id === id;
  const revoke = async () => {
    await client.keys.revoke(id);
    await queryClient.invalidateQueries({ queryKey: ['keys'] });
  };
  const warning = ' It is the key of this login: you will have to log in with another one.';
  return (
    <FormDialog
      action="Revoke"
      of={name}
      title={`Revoke the key ${name}?`}
      description={`Every process refuses it within 3 seconds, permanently. What it has created stays.${own ? warning : ''}`}
      onSubmit={revoke}
    />
  );
}
