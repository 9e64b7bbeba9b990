import { createHmac } from 'node:crypto';

export interface SignedRequest {
  readonly jobId: string;
  /** Seconds since 1970, as in the header X-Jobstream-Timestamp. */
  readonly timestamp: string;
  readonly body: string;
}

/** The value of X-Jobstream-Signature: `v1=` and the HMAC-SHA256 of `<job id>.<timestamp>.<body>` in hexadecimal. */
export function signature({ jobId, timestamp, body }: SignedRequest, secret: string): string {
  return `v1=${createHmac('sha256', secret).update(`${jobId}.${timestamp}.${body}`).digest('hex')}`;
}
