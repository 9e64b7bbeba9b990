import type { JobStatus } from '@jobstream/client';
import type { ReactNode } from 'react';

/** Every status has a colour and a shape, so that neither is needed alone. In the order of a job's life. */
const SHAPES: Readonly<Record<JobStatus, ReactNode>> = {
  scheduled: <path d="M7 1.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM7 4v3.2l2 1.3" />,
  pending: <circle cx="7" cy="7" r="5.5" strokeDasharray="2.6 2" />,
  processing: (
    <>
      <circle cx="7" cy="7" r="5.5" />
      <path d="M7 3.5v7a3.5 3.5 0 0 0 0-7z" className="solid" />
    </>
  ),
  waiting: <path d="M11.8 8.6A5.2 5.2 0 1 1 5.9 1.9a4.2 4.2 0 0 0 5.9 6.7z" />,
  retrying: <path d="M11.9 4.6A5.5 5.5 0 1 0 12.5 7M12.6 1.8v3h-3" />,
  completed: <path d="M2.5 7.5l3 3l6-7" className="strong" />,
  failed: <path d="M3.2 3.2l7.6 7.6M10.8 3.2l-7.6 7.6" className="strong" />,
  cancelled: (
    <>
      <circle cx="7" cy="7" r="5.5" />
      <path d="M3.4 10.6l7.2-7.2" />
    </>
  ),
};

export const statuses = Object.keys(SHAPES) as readonly JobStatus[];

/** The status of a job by colour, shape and word. */
export function Status({ status }: { readonly status: JobStatus }) {
  return (
    <span className={`status ${status}`}>
      <svg viewBox="0 0 14 14" aria-hidden="true">
        {SHAPES[status]}
      </svg>
      {status}
    </span>
  );
}
