import {
  AccessDeniedError,
  type FieldError,
  InvalidRequestError,
  JobstreamError,
  NotFoundError,
  UnavailableError,
} from '@jobstream/client';
import type { ReactNode } from 'react';
import { CopyButton } from './copyButton.tsx';

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
  /** What to type to fill the view. */
  readonly code?: string;
}

/** A view without contents, and what would fill it. */
export function Empty({ title, children, code }: EmptyProps) {
  return (
    <section className="empty">
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {code !== undefined && (
        <div className="code">
          <pre>{code}</pre>
          <CopyButton text={code} />
        </div>
      )}
    </section>
  );
}

/** What went wrong, and what to do about it. */
export function Failure({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  return (
    <section className="failure" role="alert">
      <p>
        <strong>{sentenceOf(error)}</strong> {adviceOf(error)}
      </p>
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </section>
  );
}

function sentenceOf(error: Error): string {
  if (!(error instanceof JobstreamError) || error.problem === undefined) return `${error.message}.`;
  const { title, detail, errors = [] } = error.problem;
  if (errors.length > 0) return `${title}: ${errors.map(mistakeOf).join('; ')}.`;
  return detail === undefined ? `${title}.` : `${title}: ${detail}.`;
}

function mistakeOf({ detail, ...place }: FieldError): string {
  return `${Object.values(place).join('')} ${detail}`;
}

function adviceOf(error: Error): string {
  if (error instanceof InvalidRequestError) {
    if (error.code !== 'query-too-expensive') return 'Change what was asked for.';
    return 'These are fast: a type, a status other than completed, a rare tag, a group of failures, a time of creation.';
  }
  if (error instanceof UnavailableError) {
    return 'The page asks again by itself. If it lasts: is the API running, and what does /health/ready say?';
  }
  if (error instanceof AccessDeniedError)
    return 'Log in with a key that has the scope, or ask an administrator for one.';
  if (error instanceof NotFoundError) return 'It may have been deleted, or belong to another tenant.';
  return 'Reload the page; if it happens again, the log of the API has the reason under the id of the request.';
}

/** What stands where figures will be. */
export function Loading() {
  return (
    <p className="loading" aria-live="polite">
      Loading…
    </p>
  );
}
