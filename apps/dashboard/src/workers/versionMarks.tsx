import type { ReactNode } from 'react';
import { formatInstant } from '../format/instant.ts';
import { Age } from '../parts/instant.tsx';
import { newVersions, type NewVersion } from './newVersions.ts';
import { useWorkers } from './useWorkers.ts';

/** The period that a chart shows, both ends RFC 3339; and the type whose workers count, if not all do. */
interface Shown {
  readonly from: string;
  readonly to: string;
  readonly type?: string | undefined;
}

/** The versions of workers that began in what a chart shows: the newest, since more would hide the chart. */
export function useNewVersions(shown: Shown, most = 8): readonly NewVersion[] {
  const { data = [] } = useWorkers();
  return newVersions(data, shown).slice(-most);
}

interface VersionMarksProps extends Omit<Shown, 'type'> {
  readonly versions: readonly NewVersion[];
  readonly height: number;
}

/** A line of a chart, which is as wide as its `svg`, for each version that began. */
export function VersionMarks({ versions, from, to, height }: VersionMarksProps): ReactNode {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return versions.map(({ version, at }) => {
    const x = `${((Date.parse(at) - start) / (end - start)) * 100}%`;
    return (
      <g key={version} className="version-mark">
        <title>{`Version ${version} began, ${formatInstant(new Date(at), new Date())}`}</title>
        <line x1={x} x2={x} y1={0} y2={height} />
      </g>
    );
  });
}

/** The same in words: the marks have their names on a pointer only. */
export function VersionList({ versions }: { readonly versions: readonly NewVersion[] }) {
  if (versions.length === 0) return null;
  return (
    <ul className="version-list plain" aria-label="New versions of workers">
      {versions.map(({ version, at }) => (
        <li key={version}>
          <i aria-hidden="true" /> {version} began <Age at={at} />
        </li>
      ))}
    </ul>
  );
}
