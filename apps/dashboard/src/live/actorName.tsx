import type { Actor } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { formatActor } from '../format/actor.ts';
import { useClient } from './dashboardContext.ts';
import { useMay } from '../session/session.ts';

/** Keys are seldom made. */
const FRESH_MS = 60_000;

/** Who did something: a key by its name, for those who may see the keys. */
export function ActorName({ actor }: { readonly actor: Actor }) {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => client.keys.list({ signal }),
    enabled: useMay('admin'),
    staleTime: FRESH_MS,
  });
  const name = actor.kind === 'api' ? data?.find(({ id }) => id === actor.id)?.name : undefined;
  return name === undefined ? formatActor(actor) : <span title={`key ${actor.id}`}>key {name}</span>;
}
