import { useMemo, useState } from 'react';
import { formatBytes } from '../../format/bytes.ts';
import { CopyButton } from '../copyButton.tsx';
import { DownloadLink } from '../downloadLink.tsx';
import { LongText } from './longText.tsx';
import { Unfolding } from './unfolding.tsx';

/** A branch with more entries is closed at first. */
const OPEN_UP_TO = 20;
const OPEN_DEPTH = 3;
/** Entries of a branch that are shown at a time. */
const STEP = 200;
/** Of a value that is longer as JSON only the outermost branch is open at first, and it can be downloaded. */
const LONG = 16_384;

interface JsonTreeProps {
  readonly value: unknown;
  /** What a download is called, without its extension. */
  readonly file?: string;
}

/** A value of JSON as a tree whose branches can be closed. */
export function JsonTree({ value, file = 'value' }: JsonTreeProps) {
  return value === undefined ? <p className="dim">none</p> : <Tree value={value} file={file} />;
}

function Tree({ value, file }: Required<JsonTreeProps>) {
  const text = useMemo(() => JSON.stringify(value, undefined, 2), [value]);
  const blob = useMemo(() => (text.length > LONG ? new Blob([text]) : undefined), [text]);
  return (
    <div className="json">
      <Branch value={value} depth={blob === undefined ? 0 : OPEN_DEPTH - 1} />
      <CopyButton text={text} label="Copy JSON" />
      {blob !== undefined && (
        <DownloadLink blob={blob} file={`${file}.json`} className="download">
          Download {formatBytes(blob.size)}
        </DownloadLink>
      )}
    </div>
  );
}

interface BranchProps {
  readonly name?: string;
  readonly value: unknown;
  readonly depth: number;
}

function Branch({ name, value, depth }: BranchProps) {
  const label = name === undefined ? null : <span className="key">{name}: </span>;
  if (typeof value !== 'object' || value === null) {
    return (
      <div>
        {label}
        <Scalar value={value} />
      </div>
    );
  }
  // What is undefined is in no JSON.
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0)
    return (
      <div>
        {label}
        {open + close}
      </div>
    );
  return (
    <Unfolding
      summary={
        <>
          {label}
          <span className="dim">{`${open} ${entries.length} ${close}`}</span>
        </>
      }
      startsOpen={depth < OPEN_DEPTH && entries.length <= OPEN_UP_TO}
    >
      <Entries entries={entries} depth={depth + 1} />
    </Unfolding>
  );
}

function Entries({ entries, depth }: { readonly entries: readonly [string, unknown][]; readonly depth: number }) {
  const [most, setMost] = useState(STEP);
  return (
    <>
      {entries.slice(0, most).map(([key, one]) => (
        <Branch key={key} name={key} value={one} depth={depth} />
      ))}
      {entries.length > most && (
        <button type="button" className="quiet" onClick={() => setMost(most + STEP)}>
          Show more of {(entries.length - most).toLocaleString()}
        </button>
      )}
    </>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  return (
    <span className={value === null ? 'null' : typeof value}>
      <LongText text={JSON.stringify(value)} />
    </span>
  );
}
