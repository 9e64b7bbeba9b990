import { diffLines } from 'diff';
import { writeJson } from './readJson.ts';

interface PayloadDiffProps {
  readonly before: unknown;
  readonly after: unknown;
}

/** With more changes than that, the one stands below the other. */
const MOST_CHANGES = 2_000;

/** What changes between two payloads, line by line. */
export function PayloadDiff({ before, after }: PayloadDiffProps) {
  const lines = linesOf(`${writeJson(before)}\n`, `${writeJson(after)}\n`);
  if (lines.every(({ kind }) => kind === 'same')) return <p className="dim">Nothing changes.</p>;
  return (
    <div className="payload-diff mono" role="region" aria-label="Changes of the payload" tabIndex={0}>
      {lines.map((line, index) => (
        <Line key={`${index} ${line.kind}`} {...line} />
      ))}
    </div>
  );
}

interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly line: string;
}

function linesOf(before: string, after: string): readonly DiffLine[] {
  const parts = diffLines(before, after, { maxEditLength: MOST_CHANGES }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return parts.flatMap(({ value, added, removed }) => {
    const kind = added ? 'added' : removed ? 'removed' : 'same';
    return value
      .split('\n')
      .slice(0, -1)
      .map((line) => ({ kind, line }) as const);
  });
}

const SIGNS = { added: '+', removed: '−', same: ' ' } as const;

function Line({ kind, line }: DiffLine) {
  return (
    <div className={kind}>
      <span aria-hidden="true">{SIGNS[kind]} </span>
      {kind !== 'same' && <span className="sr-only">{kind} </span>}
      {line}
    </div>
  );
}
