export type { JobContext, JobHandler, JobProgress } from './handler/jobHandler.ts';
export { InvalidPayloadError, RetryAfterError, UnrecoverableError } from './handler/handlerErrors.ts';
export type { Logger } from './handler/logger.ts';
