/** A rule that was broken. */
export interface Finding {
  readonly rule: string;
  readonly jobId?: string;
  readonly detail: string;
}
