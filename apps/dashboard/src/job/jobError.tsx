import type { Job } from '@jobstream/client';
import { CopyButton } from '../parts/copyButton.tsx';
import { useMay } from '../session/session.ts';

/** The last error of a job: name, code and message for all, and where it happened for those who may see code. */
export function JobErrorOf({ job: { error, status } }: { readonly job: Job }) {
  const mayDebug = useMay('jobs:debug');
  if (error === undefined) return null;
  const { name, message, code, stack } = error;
  return (
    <section className="job-error">
      <h2>{status === 'failed' ? 'Failed' : 'Last error'}</h2>
      <p className="mono">
        <strong>{name}</strong>: {message}
        {code !== undefined && <span className="dim"> ({code})</span>}
      </p>
      {stack !== undefined && (
        <details open>
          <summary>Stack</summary>
          <pre>{stack}</pre>
          <CopyButton text={stack} label="Copy stack" />
        </details>
      )}
      {!mayDebug && <p className="dim">The stack needs the scope jobs:debug.</p>}
    </section>
  );
}
