import { type Job, type JobEvent, decodeJobEvent, fold } from '@jobstream/domain';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE, type MemoryServer } from '@jobstream/eventlog';
import type { RawMessage } from '../../harness/rawLog.ts';

/** Every message that was ever stored, also those that the log has lost since. */
export class RecordedLog {
  readonly messages: RawMessage[] = [];
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  /** Takes down what was stored since; must be called before messages leave the log. */
  catchUp(): void {
    for (const { sequence, subject, recordedAt, text, header } of this.#server.stream.after(this.messages.length)) {
      const names = [EXPECTED_SEQUENCE, EXPECTED_FILTER];
      const headers = names.flatMap((name): [string, string][] => {
        const value = header(name);
        return value === undefined ? [] : [[name.toLowerCase(), value]];
      });
      const storedAt = Date.parse(recordedAt);
      this.messages.push({ sequence, subject, headers: Object.fromEntries(headers), body: text, storedAt });
    }
  }

  /** The jobs of whose subjects messages were stored up to a sequence; undefined for no such job. */
  job(jobId: string, through: number): Job | undefined {
    const ofJob = this.messages.filter(
      ({ sequence, subject }) => sequence <= through && subject.split('.')[2] === jobId,
    );
    return fold(ofJob.flatMap(({ body }) => eventIn(body)));
  }
}

function eventIn(body: string): JobEvent[] {
  const decoded = decodeJobEvent(body);
  return decoded.kind === 'event' ? [decoded.event] : [];
}
