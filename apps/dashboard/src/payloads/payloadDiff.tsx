import { type DiffLine, diffLines } from './lineDiff.ts';
import { writeJson } from './readJson.ts';

interface PayloadDiffProps {
  readonly before: unknown;
  readonly after: unknown;
}

/** What changes between two payloads, line by line. */
export function PayloadDiff({ before, after }: PayloadDiffProps) {
  const lines = diffLines(writeJson(before), writeJson(after));
  if (lines.every(({ kind }) => kind === 'same')) return <p className="dim">Nothing changes.</p>;
  return (
    <div className="diff mono" role="region" aria-label="Changes of the payload" tabIndex={0}>
      {lines.map((line, index) => (
        <Line key={`${index} ${line.kind}`} {...line} />
      ))}
    </div>
  );
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
