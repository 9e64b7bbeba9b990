import { useState } from 'react';
import { formatBytes } from '../../format/bytes.ts';

/** A longer text is folded. */
const FOLDED_FROM = 2_000;
const SHOWN = 500;

/** A text whose beginning is shown if it is long, until all of it is asked for. */
export function LongText({ text }: { readonly text: string }) {
  const [isWhole, setIsWhole] = useState(false);
  if (text.length <= FOLDED_FROM) return text;
  return (
    <>
      {isWhole ? text : `${text.slice(0, SHOWN)}…`}{' '}
      <button type="button" className="quiet" onClick={() => setIsWhole(!isWhole)}>
        {isWhole ? 'Fold' : `Show all ${formatBytes(text.length)}`}
      </button>
    </>
  );
}
