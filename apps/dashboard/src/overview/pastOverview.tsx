import type { Stats } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { Status, statuses } from '../parts/status.tsx';

/** How many jobs of each type were in which status. */
export function PastOverview({ stats: { jobs }, asOf }: { readonly stats: Stats; readonly asOf: string }) {
  const types = Object.entries(jobs.byType).toSorted(([one], [other]) => one.localeCompare(other));
  if (types.length === 0) return <p className="dim">There were no jobs.</p>;
  return (
    <section>
      <h2>Jobs by type and status</h2>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th>Type</th>
              {statuses.map((status) => (
                <th key={status} className="number">
                  <Status status={status} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {types.map(([type, counts]) => (
              <TypeRow key={type} type={type} counts={counts} asOf={asOf} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface TypeRowProps {
  readonly type: string;
  readonly counts: Stats['jobs']['byStatus'];
  readonly asOf: string;
}

function TypeRow({ type, counts, asOf }: TypeRowProps) {
  return (
    <tr>
      <td>{type}</td>
      {statuses.map((status) => (
        <td key={status} className="number">
          {counts[status] === undefined ? (
            <span className="dim">0</span>
          ) : (
            <Link to="/jobs" search={{ type, status, asOf }}>
              {counts[status].toLocaleString()}
            </Link>
          )}
        </td>
      ))}
    </tr>
  );
}
