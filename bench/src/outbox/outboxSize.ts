import { Client } from 'pg';
import { type HandrunBench, numbersOf } from '../handrun/handrunBench.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { statusOf, withOutbox } from './outboxServers.ts';

const TRANSACTION = 500;
const ENQUEUE = `SELECT jobstream.enqueue('email', '{"to": "user@example.com"}') FROM generate_series(1, ${TRANSACTION})`;
/** Enqueued and not yet relayed: more would measure a backlog. */
const MOST_WAITING = 5_000;
const PROMISED_BYTES = 10_000_000;

export const outboxSize: HandrunBench = {
  name: 'outbox-size',
  summary:
    'The size of the outbox while jobs pass through it and one transaction stays open, which keeps all dead rows.',
  parameters: '[jobs = 200000; the promise of at most 10 MB is for ten million]',
  run(args) {
    const [jobs] = numbersOf(args, 200_000);
    return inScratchFolder((folder) =>
      withOutbox(folder, async ({ url, database, startRelay }) => {
        const open = new Client({ connectionString: url });
        await open.connect();
        await open.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()');
        await startRelay();
        let most = 0;
        for (let done = 0; done < jobs;) {
          const { waiting, bytes } = await statusOf(database);
          most = Math.max(most, bytes);
          if (waiting > MOST_WAITING) continue;
          await database.query(ENQUEUE);
          done += TRANSACTION;
        }
        console.log(`${jobs} jobs with a transaction open all the while: at most ${(most / 1e6).toFixed(1)} MB`);
        await open.end();
        return most <= PROMISED_BYTES;
      }),
    );
  },
};
