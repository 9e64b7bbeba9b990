import { startNats } from '../../servers/startNats.ts';
import type { JobSystem } from '../jobSystem.ts';
import { connectJobstream } from './connectJobstream.ts';
import { serveWithTable } from './serveWithTable.ts';

/** Dispatch and history alone: the log. */
export const jobstream: JobSystem = {
  name: 'Jobstream',
  notes: [
    'Jobstream with group commit where the server syncs always, as it comes, and without where it does not; every event of every job is kept in the log for ever.',
    'Batches are staged in memory, as `npm start` and docs/durability.md have it; what is acknowledged is synced all the same.',
    'nats-server collects garbage seldom (`GOGC=400`), as with `npm start`; that shows in its peak memory.',
    'The default of nats-server is a sync every two minutes: a power cut then loses acknowledged jobs, up to the whole stream. Our own configurations sync always.',
  ],
  serve: startNats,
  connect: connectJobstream,
};

/** The same with the projector beside it, which keeps the queryable table of jobs in Postgres. */
export const jobstreamWithTable: JobSystem = {
  ...jobstream,
  name: 'Jobstream with table',
  notes: ['The projector and Postgres run beside it and keep the queryable table up to date.'],
  serve: serveWithTable,
};
