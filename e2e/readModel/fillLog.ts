import { randomUUIDv7 } from 'node:crypto';
import { EventLog } from '@jobstream/eventlog';
import { lifeOfJob } from '@jobstream/testing';

/** Lives that are appended at once: their events go out in large batches. */
const AT_ONCE = 6_000;
/** No worker takes this type. */
const JOB_TYPE = 'imported';

/** Appends the whole lives of that many jobs, three events each. */
export async function fillLog(url: string, jobs: number, onProgress: (done: number) => void): Promise<void> {
  const eventLog = new EventLog({ url, name: 'import' });
  await eventLog.start();
  let [begun, done] = [0, 0];
  const write = async () => {
    while (begun < jobs) {
      begun += 1;
      let sequence = 0;
      for (const event of lifeOfJob(randomUUIDv7(), JOB_TYPE)) sequence = await eventLog.append(event, sequence);
      done += 1;
      if (done % 100_000 === 0) onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
  await eventLog.stop();
}
