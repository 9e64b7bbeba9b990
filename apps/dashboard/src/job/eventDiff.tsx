import type { JobEvent } from '@jobstream/client';
import { diffJson } from 'diff';
import { type Contents, contentsAfter } from './contentsAt.ts';

/** Lines without a change that are shown before and after one. */
const CONTEXT = 3;

interface EventDiffProps {
  readonly events: readonly JobEvent[];
  /** The versions of the two events. */
  readonly versions: readonly [number, number];
  readonly onClose: () => void;
}

/** What changed in the contents of a job from one of its events to another. */
export function EventDiff({ events, versions, onClose }: EventDiffProps) {
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
  const [old, current] = [before[part], after[part]];
  if (old === undefined && current === undefined) return null;
  const lines = linesOf(old, current);
  if (lines.every(({ kind }) => kind === 'same')) return <p className="dim">The {part} is the same.</p>;
  return (
    <div>
      <h4>{part[0]?.toUpperCase() + part.slice(1)}</h4>
      <pre className="diff">{nearChanges(lines).map(Line)}</pre>
    </div>
  );
}

interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'left-out';
  readonly text: string;
  readonly index: number;
}

function Line({ kind, text, index }: DiffLine) {
  if (kind === 'added') return <ins key={index}>{`+ ${text}\n`}</ins>;
  if (kind === 'removed') return <del key={index}>{`- ${text}\n`}</del>;
  return <span key={index} className={kind === 'left-out' ? 'dim' : undefined}>{`  ${text}\n`}</span>;
}

/** The values as lines of JSON, with the names of fields sorted. A value that is not there has no line. */
function linesOf(old: unknown, current: unknown): readonly DiffLine[] {
  const changes = diffJson(old === undefined ? '' : (old as object), current === undefined ? '' : (current as object));
  return changes
    .flatMap(({ value, added, removed }) => {
      const kind = added ? 'added' : removed ? 'removed' : 'same';
      const texts = value.split('\n').filter((text) => text !== '');
      return texts.map((text) => ({ kind, text }) as const);
    })
    .map(({ kind, text }, index) => ({ kind, text, index }));
}

/** Replaces what is far from every change by one line that says how much it is. */
function nearChanges(lines: readonly DiffLine[]): readonly DiffLine[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ kind }) => kind !== 'same'),
  );
  return lines.flatMap((line, index) => {
    if (near[index]) return [line];
    if (near[index - 1] === false) return [];
    const end = near.indexOf(true, index);
    const count = (end === -1 ? lines.length : end) - index;
    return [{ ...line, kind: 'left-out', text: `… ${count} lines as before` } as const];
  });
}
