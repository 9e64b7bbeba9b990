export { timestampOf } from './timestampOf.ts';

/** Names of fields of log lines, in lower case, whose values are secret: no logger of ours writes them. */
export const secretFields = ['authorization', 'cookie', 'password', 'secret', 'token', 'payload'] as const;

/** The levels of the lines that an attempt logs, least severe first. */
export const attemptLogLevels = ['debug', 'info', 'warn', 'error'] as const;
export type AttemptLogLevel = (typeof attemptLogLevels)[number];

/** The levels of a process's own log, least severe first. */
export const processLogLevels = ['trace', ...attemptLogLevels, 'fatal', 'silent'] as const;
export type ProcessLogLevel = (typeof processLogLevels)[number];
