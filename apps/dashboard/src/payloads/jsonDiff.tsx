import { diffJson } from 'diff';
import { Fragment } from 'react';
import { useFold } from '../parts/values/fold.ts';
import { LongText } from '../parts/values/longText.tsx';

/** Lines without a change that are shown before and after one. */
const CONTEXT = 3;
/** With more changes than that, the one stands below the other. */
const MOST_CHANGES = 2_000;

interface JsonDiffProps {
  /** What changes: `payload`. */
  readonly what: string;
  /** For those who hear the page, where it is no change. */
  readonly label?: string;
  /** Undefined for a value that is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

/** What changes between two values, line by line, with the names of fields sorted. */
export function JsonDiff({ what, label = `Changes of the ${what}`, before, after }: JsonDiffProps) {
  const lines = linesOf(textOf(before), textOf(after));
  if (lines.every(({ kind }) => kind === 'same')) return <p className="dim">The {what} is the same.</p>;
  return (
    <pre className="diff" role="region" aria-label={label} tabIndex={0}>
      <Lines lines={nearChanges(lines)} />
    </pre>
  );
}

/** Of very many the first and the last, and more where that is asked for. */
function Lines({ lines }: { readonly lines: readonly DiffLine[] }) {
  const { segments, showMore } = useFold(lines.length, { first: 200, last: 50 });
  return segments.map((segment) =>
    segment.isShown ? (
      <Fragment key={segment.from}>{lines.slice(segment.from, segment.to).map(Line)}</Fragment>
    ) : (
      <button key={`left out from ${segment.from}`} type="button" className="quiet" onClick={() => showMore(segment)}>
        {(segment.to - segment.from).toLocaleString()} lines in between: show more
      </button>
    ),
  );
}

interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'left-out';
  readonly text: string;
  readonly index: number;
}

const SIGNS = { same: ['span', ' '], added: ['ins', '+'], removed: ['del', '-'], 'left-out': ['span', ' '] } as const;

function Line({ kind, text, index }: DiffLine) {
  const [Tag, sign] = SIGNS[kind];
  return (
    <Tag key={index} className={kind === 'left-out' ? 'dim' : undefined}>
      {sign} <LongText text={text} />
      {'\n'}
    </Tag>
  );
}

/** A value that is not there has no line, and a text is one of JSON, too. */
function textOf(value: unknown): string | object {
  if (value === undefined) return '';
  return typeof value === 'string' ? JSON.stringify(value) : (value as object);
}

function linesOf(before: string | object, after: string | object): readonly DiffLine[] {
  const changes = diffJson(before, after, { maxEditLength: MOST_CHANGES }) ?? [
    ...diffJson(before, ''),
    ...diffJson('', after),
  ];
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
