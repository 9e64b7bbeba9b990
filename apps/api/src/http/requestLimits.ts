/** How long the steps of a request may take, in milliseconds: shares of the time within which it is answered. */
export interface RequestLimits {
  /** A handler, whatever its steps take; then the answer is 503 `deadline-exceeded`. */
  readonly handlerMs: number;
  /** Whose job or schedule it is, which callers with a tenant are asked for before the handler. */
  readonly ownerMs: number;
  /** A read of the log, or a write to it. */
  readonly logMs: number;
  /** A query; with its wait for a connection, and with a Postgres that does not answer, 1.8 times as long. */
  readonly queryMs: number;
  /** The table, before a job is read from the log instead. */
  readonly tableMs: number;
  /** The version that a client knows of. */
  readonly versionMs: number;
  /** The events up to the moment that is asked about. */
  readonly pastMs: number;
  /** A part of an answer that is worth sending without it. */
  readonly partMs: number;
  /** The last log lines of an attempt, once it is over: a follower of one that logged nothing gets no answer before. */
  readonly lateLinesMs: number;
  /** Until the lines of a followed attempt are read again although nothing has told of new ones. */
  readonly untoldLinesMs: number;
  /** API keys that this process does not know yet. */
  readonly keysMs: number;
  /** The record of a change that must not be made without it. */
  readonly auditMs: number;
}

/** @param answerMs within how many milliseconds a request is answered. */
export function requestLimits(answerMs = 5_000): RequestLimits {
  return {
    handlerMs: answerMs * 0.96,
    ownerMs: answerMs * 0.48,
    logMs: answerMs * 0.8,
    queryMs: answerMs * 0.5,
    tableMs: answerMs * 0.18,
    versionMs: answerMs * 0.7,
    pastMs: answerMs * 0.4,
    partMs: answerMs * 0.3,
    lateLinesMs: Math.min(answerMs * 0.3, 1_500),
    untoldLinesMs: 1_000,
    keysMs: answerMs * 0.2,
    auditMs: answerMs * 0.4,
  };
}
