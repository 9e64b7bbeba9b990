/** Locks of Postgres that keep processes apart: who holds one works, the others refuse. */
export const PROJECTION_LOCKS = {
  /** Of the one process that works on a rebuild or a rollback. */
  rebuild: 'jobstream rebuild jobs',
  /** Of the one process that verifies. */
  verify: 'jobstream verify jobs',
} as const;
