export type { JobContext } from './handler/defineHandler.ts';
export { InvalidPayloadError, RetryAfterError, UnrecoverableError } from './handler/handlerErrors.ts';
export type { Logger } from './handler/logger.ts';
