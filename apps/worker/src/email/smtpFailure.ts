import { UnrecoverableError } from '../handler/unrecoverableError.ts';

/**
 * What a failure to send means for the job: a server's permanent refusal (5xx) or an impossible envelope fails it for
 * good. A refused login is the operator's mistake rather than the message's, and is retried as all others are.
 */
export function smtpFailure(failure: unknown): unknown {
  if (!(failure instanceof Error)) return failure;
  const { code, responseCode } = failure as { code?: unknown; responseCode?: unknown };
  if (code === 'EAUTH' || !isPermanent(code, responseCode)) return failure;
  const reason = typeof responseCode === 'number' ? `SMTP_${responseCode}` : String(code);
  return new UnrecoverableError(failure.message, { code: reason, cause: failure });
}

function isPermanent(code: unknown, responseCode: unknown): boolean {
  if (typeof responseCode === 'number') return responseCode >= 500;
  return code === 'EENVELOPE' || code === 'EMESSAGE';
}
