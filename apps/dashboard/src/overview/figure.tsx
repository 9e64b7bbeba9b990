import { Link } from '@tanstack/react-router';
import type { FailureSearch } from '../failures/failureSearch.ts';
import type { JobSearch } from '../jobs/jobSearch.ts';

interface FigureProps {
  readonly name: string;
  readonly value: number | string;
  readonly tone?: 'failed' | undefined;
  readonly to: '/jobs' | '/failures' | '/types' | '/workers';
  readonly search?: JobSearch | FailureSearch;
}

/** A number that leads to what is behind it. */
export function Figure({ name, value, tone, to, search = {} }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={tone}>
        <Link to={to} search={search}>
          {typeof value === 'number' ? value.toLocaleString() : value}
        </Link>
      </dd>
    </div>
  );
}
