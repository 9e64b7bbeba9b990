import type { LogLine } from '@jobstream/client';
import { AttemptLog, linesOf, type LogKeeper, type RunLog } from '@jobstream/worker/test-engine';

type LoggedRun = Parameters<LogKeeper['open']>[0];

/** What a run has written so far. */
interface Run {
  readonly log: AttemptLog;
  readonly lines: LogLine[];
}

/** The lines that handlers write, as a worker keeps them: without secrets, up to 64 KB an attempt. */
export class KeptLines implements LogKeeper {
  readonly #now: () => number;
  readonly #runs: Run[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  open(run: LoggedRun, jobType: string): RunLog {
    const log = new AttemptLog(run, jobType);
    this.#runs.push({ log, lines: [] });
    return {
      stacks: true,
      keeps: () => true,
      keep: (line) => void log.add({ ...line, time: this.#now(), stacks: true }),
      end: () => log.end(this.#now()),
    };
  }

  /** The lines of an attempt, or of all attempts of a job, oldest run first. */
  of(jobId: string, attempt: number | undefined): readonly LogLine[] {
    const ofJob = this.#runs.filter(({ log: { run } }) => run.jobId === jobId);
    const runs = ofJob.filter(({ log: { run } }) => attempt === undefined || run.attempt === attempt);
    return runs.flatMap(({ log, lines }) => {
      lines.push(...linesOf(log.takeChunk()));
      return lines;
    });
  }
}
