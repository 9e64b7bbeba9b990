import type { JobSystem } from '../jobSystem.ts';
import { connectStart } from './connectStart.ts';
import { serveStart, type StartFeature } from './serveStart.ts';

/** The whole system as `npm start` runs it. */
export const start: JobSystem = {
  name: 'As `npm start` runs it',
  notes: [
    'All that `npm start` switches on: table, past states, keeper, archive, NATS users, API and the shipped worker. The worker that runs the jobs is one of a user, with `createWorker` as it comes: it announces itself and keeps the lines of handlers, of which this one writes none.',
    'It syncs always, so it is measured with fsync alone. Its processor time counts until the table, the past states and the archive have all events, but for those that do not fill a segment of the archive yet.',
  ],
  syncsAlone: true,
  serve: (folder) => serveStart(folder),
  connect: connectStart,
};

/** The same with one feature switched off, so that the difference is what the feature costs. */
export function startWithout(feature: StartFeature, name: string): JobSystem {
  return { ...start, name: `Without ${name}`, notes: [], serve: (folder) => serveStart(folder, feature) };
}
