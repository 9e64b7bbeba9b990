import type { Actor } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
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

/** The same, with the way to it: a key, for those who may see the keys, a schedule, or the jobs of a worker. */
export function ActorLink({ actor }: { readonly actor: Actor }) {
  const administers = useMay('admin');
  const { kind, id } = actor;
  const name = <ActorName actor={actor} />;
  if (kind === 'worker') {
    return (
      <Link to="/jobs" search={{ worker: id }}>
        {name}
      </Link>
    );
  }
  if (kind === 'scheduler') {
    return (
      <Link to="/schedules" hash={`schedule-${id}`}>
        {name}
      </Link>
    );
  }
  if (kind !== 'api' || id === 'anonymous' || !administers) return name;
  return (
    <Link to="/keys" hash={`key-${id}`}>
      {name}
    </Link>
  );
}
