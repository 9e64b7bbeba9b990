import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';

/** A job by the end of its id, which tells jobs of one time apart; all of the id is heard and copied. */
export function JobLink({ id }: { readonly id: string }) {
  return (
    <Link to="/jobs/$id" params={{ id }} className="mono" title={id}>
      <ShortId id={id} />
    </Link>
  );
}

export function ShortId({ id }: { readonly id: string }) {
  return (
    <span className="short-id">
      <bdi dir="ltr">{id}</bdi>
    </span>
  );
}

/** A job type, with the way to its jobs. */
export function TypeLink({ type }: { readonly type: string }) {
  return (
    <Link to="/jobs" search={{ type }}>
      {type}
    </Link>
  );
}

/** Tags, each with the way to the jobs that have it. */
export function TagLinks({ tags }: { readonly tags: readonly string[] }) {
  return tags.map((tag, index) => (
    <Fragment key={tag}>
      {index > 0 && ', '}
      <Link to="/jobs" search={{ tag }}>
        {tag}
      </Link>
    </Fragment>
  ));
}

/** A worker, with the way to the jobs whose last attempt is of it. */
export function WorkerLink({ worker }: { readonly worker: string }) {
  return (
    <Link to="/jobs" search={{ worker }}>
      {worker}
    </Link>
  );
}

interface ErrorNameProps {
  readonly type: string;
  readonly error: { readonly name: string; readonly code?: string };
}

/** The name of an error, with the way to the jobs of the type that have failed with it. */
export function ErrorName({ type, error: { name, code } }: ErrorNameProps) {
  const ofCode = code === undefined ? {} : { errorCode: code };
  return (
    <Link to="/jobs" search={{ type, errorName: name, ...ofCode }}>
      <strong>{name}</strong>
    </Link>
  );
}
