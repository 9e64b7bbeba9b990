import type { FailureGroup } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { Age } from '../parts/instant.tsx';

const WINDOW = '1h';
const SHOWN = 3;

/** The largest groups of what has failed in the last hour; nothing where nothing has. */
export function LargestFailures() {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['failures', WINDOW, 'largest'],
    queryFn: ({ signal }) => client.failures({ window: WINDOW, limit: SHOWN }, { signal }),
    ...readAgain.jobs,
  });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <section>
      <h2>Fails most, last hour</h2>
      <ol className="attention-list">
        {data.items.map((group) => (
          <Group key={group.id} group={group} />
        ))}
      </ol>
    </section>
  );
}

function Group({ group: { id, type, name, code, message, count, lastAt } }: { readonly group: FailureGroup }) {
  return (
    <li>
      <Link to="/failures" search={{ window: WINDOW }} hash={id}>
        {type} {name} {code}
      </Link>{' '}
      <span>
        {count.toLocaleString()} {count === 1 ? 'job' : 'jobs'},{' '}
        <span className="dim">
          last <Age at={lastAt} />
        </span>
      </span>
      <p className="dim clip" title={message}>
        {message}
      </p>
    </li>
  );
}
