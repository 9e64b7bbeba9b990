import { bytesKeptBy, longText } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { ServedVersions } from './jobs/read/servedVersions.ts';
import { FairShares } from './feeds/fairShares.ts';
import { PayloadChecks } from './payloads/payloadChecks.ts';
import { WaitingTypes } from './payloads/waitingTypes.ts';

/*
 * What the API remembers of requests does not grow with them, whatever names clients make up.
 */

const nothingAnnounced = { isCurrent: () => true, type: () => undefined, types: () => [] };
const waitingTypes = () =>
  new WaitingTypes({ table: { countJobs: () => Promise.resolve([]) }, isAnnounced: () => false, most: 100 });

const cases: Readonly<Record<string, () => (text: string) => unknown>> = {
  'types that are misspelt': () => {
    const checks = new PayloadChecks({
      announced: nothingAnnounced,
      strictTypes: false,
      waitingTypes: waitingTypes(),
    });
    return (type) => checks.check({ type });
  },
  'types of one tenant that no worker has announced': () => {
    const types = waitingTypes();
    return (type) => types.admits(type, 'acme');
  },
  'tenants whose types no worker has announced': () => {
    const types = waitingTypes();
    return (tenant) => types.admits('email', tenant);
  },
  'jobs that were read from the log': () => {
    const versions = new ServedVersions(1_000);
    return (id) => versions.record({ id, version: 1 });
  },
  'callers of feeds that have ended': () => {
    const shares = new FairShares({ places: 10, share: 75 });
    return (caller) => {
      const taken = shares.take([caller]);
      if ('release' in taken) taken.release();
    };
  },
};

const MOST = 10_000;
const LENGTH = 1_000;

test.each(Object.entries(cases))('of %s a part is remembered', async (_what, begin) => {
  const step = begin();
  const run = (first: number) => {
    for (let index = first; index < first + MOST; index++)
      step(longText(`n${String(index).padStart(7, '0')}-`, LENGTH));
  };
  run(0);
  expect(await bytesKeptBy(() => run(MOST))).toBeLessThan((MOST * LENGTH) / 4);
});
