/** Writes one line: fields and a message, or a message alone. */
interface WriteLine {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** Where a worker and its handlers write their log lines. A pino logger fits. */
export interface Logger {
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
  /** Returns a logger that adds these fields to each line. */
  child(fields: object): Logger;
}

const ignore = () => undefined;

/** Writes nothing. */
export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
};
