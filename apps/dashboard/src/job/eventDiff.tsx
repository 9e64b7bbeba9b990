import type { JobEvent } from '@jobstream/client';
import { useEscape } from '../keys/useEscape.ts';
import { JsonDiff } from '../payloads/jsonDiff.tsx';
import { type Contents, contentsAfter } from './contentsAt.ts';

interface EventDiffProps {
  readonly events: readonly JobEvent[];
  /** The versions of the two events. */
  readonly versions: readonly [number, number];
  readonly onClose: () => void;
}

/** What changed in the contents of a job from one of its events to another. */
export function EventDiff({ events, versions, onClose }: EventDiffProps) {
  useEscape(onClose);
  const [earlier, later] = versions.toSorted((a, b) => a - b) as [number, number];
  const at = (version: number) => contentsAfter(events.filter((event) => event.version <= version));
  const [before, after] = [at(earlier), at(later)];
  return (
    <section className="event-diff" aria-label={`What changed from version ${earlier} to ${later}`}>
      <div className="title">
        <h3>
          From {nameOf(events, earlier)} to {nameOf(events, later)}
        </h3>
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </div>
      {(['payload', 'result', 'error'] as const).map((part) => (
        <PartDiff key={part} part={part} before={before} after={after} />
      ))}
    </section>
  );
}

function nameOf(events: readonly JobEvent[], version: number): string {
  return `${events.find((event) => event.version === version)?.event ?? 'an event'} (${version})`;
}

interface PartDiffProps {
  readonly part: keyof Contents;
  readonly before: Contents;
  readonly after: Contents;
}

function PartDiff({ part, before, after }: PartDiffProps) {
  if (before[part] === undefined && after[part] === undefined) return null;
  return (
    <div>
      <h4>{part[0]?.toUpperCase() + part.slice(1)}</h4>
      <JsonDiff what={part} before={before[part]} after={after[part]} />
    </div>
  );
}
