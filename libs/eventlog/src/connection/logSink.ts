/** Where the event log reports what an operator should know; a pino logger fits. */
export interface LogSink {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export const silentSink: LogSink = { info: () => undefined, warn: () => undefined };
