import { PermissionViolationError, RequestError } from '@nats-io/transport-node';

/** Whether a request failed because its user may not make it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof RequestError && error.cause instanceof PermissionViolationError;
}
