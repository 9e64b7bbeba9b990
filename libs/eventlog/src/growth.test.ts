import { bytesKeptBy, longText, startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { announced } from '../testing/announced.ts';
import { openEventLog } from '../testing/openEventLog.ts';
import { KnownTypes } from './announcements/knownTypes.ts';
import { encodeTypeAnnouncement } from './announcements/typeAnnouncement.ts';
import { RedeliveryGuard } from './queue/redeliveryGuard.ts';
import { FilteredReader } from './read/filteredReader.ts';

/*
 * What a process remembers of what comes and goes does not grow with it.
 */

const sink = { info: () => {}, warn: () => {} };

let sequence = 0;
const message = (subject: string, body: string) => ({ subject, body, storedAtMs: 0, sequence: ++sequence });

/** Each step is of something else, with a long text that is its alone. */
const cases: Readonly<Record<string, () => (text: string) => unknown>> = {
  'keys of deliveries that were held': () => {
    const guard = new RedeliveryGuard<{ keepAlive(): void; text: string }>(60_000);
    guard.stop();
    return (key) => guard.hold({ keepAlive: () => {}, text: key.replace('n', 'm') }, key, () => Promise.resolve());
  },
  'reads of jobs without messages': () => {
    const reader = new FilteredReader({ page: () => Promise.resolve({ messages: [], isMore: false }) });
    return (filter) => reader.read(filter);
  },
  'what workers announce of types that operators remove': () => {
    const types = new KnownTypes({ sink, isLive: () => true, onWorkerRemoved: () => {}, onChange: () => {} });
    return (text) => {
      const type = text.slice(0, 8);
      const payloadSchema = { description: text };
      types.apply(message(`types.${type}.w`, encodeTypeAnnouncement(announced('w', { type, payloadSchema }))));
      types.apply(message(`types.${type}.$settings`, '{"v":1,"removed":true}'));
    };
  },
};

interface Steps {
  /** More than are remembered of what is cached, and fewer than there may be of what has a limit. */
  readonly steps: number;
  /** Characters of each text. */
  readonly length: number;
}

/** Returns how much is kept of each of so many steps after as many others, as a share of the length of its text. */
async function growthOf(step: (text: string) => unknown, { steps, length }: Steps): Promise<number> {
  const run = async (first: number) => {
    for (let index = first; index < first + steps; index++)
      await step(longText(`n${String(index).padStart(7, '0')}-`, length));
  };
  await run(0);
  return (await bytesKeptBy(() => run(steps))) / (steps * length);
}

test.each(Object.entries(cases))('%s are forgotten', async (_what, begin) => {
  expect(await growthOf(begin(), { steps: 600, length: 10_000 })).toBeLessThan(0.5);
});

test('of the definitions that a process has looked for a thousand are remembered', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const look = (type: string) => log.announcements.definitionOf(type);
  expect(await growthOf(look, { steps: 2_000, length: 2_000 })).toBeLessThan(0.5);
});
