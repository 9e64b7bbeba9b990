/** The trace to which everything about a job belongs, made of its id. */
export function traceOf(jobId: string): string {
  return jobId.replaceAll('-', '');
}
