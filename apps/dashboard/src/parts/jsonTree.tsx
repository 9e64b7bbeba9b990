import { CopyButton } from './copyButton.tsx';

/** A branch with more entries is closed at first. */
const OPEN_UP_TO = 20;

/** A value of JSON as a tree whose branches can be closed. */
export function JsonTree({ value }: { readonly value: unknown }) {
  if (value === undefined) return <p className="dim">none</p>;
  return (
    <div className="json">
      <Branch value={value} depth={0} />
      <CopyButton text={JSON.stringify(value, undefined, 2)} label="Copy JSON" />
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
  const entries = Object.entries(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0)
    return (
      <div>
        {label}
        {open + close}
      </div>
    );
  return (
    <details open={depth < 3 && entries.length <= OPEN_UP_TO}>
      <summary>
        {label}
        <span className="dim">{`${open} ${entries.length} ${close}`}</span>
      </summary>
      {entries.map(([key, one]) => (
        <Branch key={key} name={key} value={one} depth={depth + 1} />
      ))}
    </details>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  return <span className={value === null ? 'null' : typeof value}>{JSON.stringify(value)}</span>;
}
