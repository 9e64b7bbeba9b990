import type { TypeBacklog } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { formatDuration } from '../format/duration.ts';

/** What waits by type, the oldest first. */
export function Backlog({ backlog }: { readonly backlog: Readonly<Record<string, TypeBacklog>> }) {
  const types = Object.entries(backlog).toSorted(([, a], [, b]) => (b.oldestAgeMs ?? 0) - (a.oldestAgeMs ?? 0));
  if (types.length === 0) return null;
  return (
    <section>
      <h2>Backlog</h2>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th>Type</th>
              <th className="number">Waiting</th>
              <th className="number">Oldest waits</th>
              <th className="number">With workers</th>
              <th className="number">Workers</th>
            </tr>
          </thead>
          <tbody>
            {types.map(([type, one]) => (
              <BacklogRow key={type} type={type} backlog={one} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function BacklogRow({ type, backlog }: { readonly type: string; readonly backlog: TypeBacklog }) {
  const { waiting, oldestAgeMs, inFlight, workers } = backlog;
  return (
    <tr>
      <td>
        <Link to="/jobs" search={{ type, ...(waiting > 0 ? { status: 'pending' as const } : {}) }}>
          {type}
        </Link>
      </td>
      <td className="number">{waiting.toLocaleString()}</td>
      <td className="number">{oldestAgeMs === undefined ? '–' : formatDuration(oldestAgeMs)}</td>
      <td className="number">{inFlight.toLocaleString()}</td>
      <td className="number">
        <Link to="/workers" className={workers === 0 && waiting > 0 ? 'warn' : undefined}>
          {workers === 0 && waiting > 0 ? 'none lives' : workers.toLocaleString()}
        </Link>
      </td>
    </tr>
  );
}
