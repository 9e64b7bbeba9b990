import { foldStack, type Job } from '@jobstream/client';
import { useState } from 'react';
import { CopyButton } from '../parts/copyButton.tsx';
import { LongText } from '../parts/values/longText.tsx';
import { ErrorName } from '../parts/names.tsx';
import { useMay } from '../session/session.ts';

/** The last error of a job: name, code and message for all, and where it happened for those who may see code. */
export function JobErrorOf({ job: { type, error, status } }: { readonly job: Job }) {
  const mayDebug = useMay('jobs:debug');
  if (error === undefined) return null;
  const { message, code, stack } = error;
  return (
    <section className="job-error">
      <h2>{status === 'failed' ? 'Failed' : 'Last error'}</h2>
      <p className="mono">
        <ErrorName type={type} error={error} />: <LongText text={message} />
        {code !== undefined && <span className="dim"> ({code})</span>}
      </p>
      {stack !== undefined && <Stack stack={stack} />}
      {!mayDebug && <p className="dim">The stack needs the scope jobs:debug.</p>}
    </section>
  );
}

/** One's own code first; all frames, in their order, where that is asked for. What is copied has them all. */
function Stack({ stack }: { readonly stack: string }) {
  const [isWhole, setIsWhole] = useState(false);
  const folded = foldStack(stack);
  return (
    <details open>
      <summary>Stack</summary>
      <pre>{isWhole ? stack : folded}</pre>
      <CopyButton text={stack} label="Copy stack" />
      {folded !== stack && (
        <button type="button" className="quiet" onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? 'Fold frames' : 'All frames'}
        </button>
      )}
    </details>
  );
}
