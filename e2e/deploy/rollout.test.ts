import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingPrograms, type ProgramResult, runProgram } from '../harness/runProgram.ts';

/** A fake gcloud with the state that the script reads: gcloud itself needs a project in the cloud. */
const service = {
  status: {
    latestReadyRevisionName: 'api-2',
    traffic: [
      { revisionName: 'api-1', percent: 100 },
      { revisionName: 'api-2', percent: 0, tag: 'candidate', url: 'https://candidate.example.com' },
    ],
  },
};
const gcloud = `#!/usr/bin/env bash
echo "$*" >> "$CALLS"
case "$*" in
  *"$FAILS_AT"*) exit 1 ;;
  *"services describe"*) echo '${JSON.stringify(service)}' ;;
  *"worker-pools describe"*) echo 'kind: WorkerPool' ;;
  *"logging read"*) for ((i = 0; i < ERRORS; i++)); do echo "$i"; done ;;
esac
`;
const curl = '#!/usr/bin/env bash\necho "curl ${@: -1}" >> "$CALLS"\n';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-rollout-'));
  for (const [name, text] of Object.entries({ gcloud, curl })) {
    await writeFile(path.join(folder, name), text);
    await chmod(path.join(folder, name), 0o755);
  }
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the script with programs in the place of gcloud and curl that note how they are called. */
async function rollOut(env: Record<string, string> = {}): Promise<ProgramResult & { calls: readonly string[] }> {
  const calls = path.join(folder, 'calls');
  const settings = {
    PROJECT: 'p',
    REGION: 'r',
    REGISTRY: 'g',
    VERSION: '2',
    NATS_URL: 'nats://n',
    NETWORK: 'n',
    SUBNET: 's',
  };
  const result = await runProgram(path.join(repositoryRoot, 'deploy', 'cloud-run', 'rollout.sh'), [], {
    env: {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      CALLS: calls,
      FAILS_AT: 'nothing',
      SOAK_SECONDS: '0',
      ...settings,
      ...env,
    },
  });
  const text = await readFile(calls, 'utf8');
  return { ...result, calls: text.trim().split('\n').map(named) };
}

/** The part of a call that says what it is about. */
function named(call: string): string {
  return call
    .replace(/^(beta )?run /, '')
    .replace(/ --project.*| --format.*/, '')
    .replace(/ \/\S*\/(?=[^/ ]+\.yaml)/, ' ')
    .replace(/^logging read .*/, 'errors?');
}

const missing = missingPrograms('bash', 'envsubst', 'jq');

test('the programs that the script uses are installed, as CI requires', (context) => {
  if (missing.length > 0 && process.env['CI'] === undefined) return context.skip(missing.join('; '));
  expect(missing).toEqual([]);
});

const everythingBack = [
  'worker-pools replace projector.previous.yaml',
  'worker-pools replace worker.previous.yaml',
  'services update-traffic jobstream-api --to-revisions api-1=100',
];

describe.skipIf(missing.length > 0)('a rollout:', () => {
  test('a version is rolled out in stages, the readers of events before their writers', async () => {
    const { code, output, calls } = await rollOut();
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('2 is rolled out.') });
    expect(calls.filter((call) => !/describe|curl|errors/.test(call))).toEqual([
      'jobs replace migrate.job.yaml',
      'jobs execute jobstream-migrate --wait',
      'worker-pools replace projector.workerpool.yaml',
      'worker-pools replace worker.workerpool.yaml',
      'services replace api.service.yaml',
      'services update-traffic jobstream-api --to-tags candidate=10',
      'services update-traffic jobstream-api --to-tags candidate=50',
      'services update-traffic jobstream-api --to-tags candidate=100',
    ]);
    expect(calls).toContain('curl https://candidate.example.com/health/ready');
  });

  test.each([
    ['too many requests fail', { ERRORS: '6' }, everythingBack],
    ['a stage cannot be set', { FAILS_AT: 'candidate=50' }, everythingBack],
    ['the API does not come up', { FAILS_AT: 'services replace' }, everythingBack],
    ['the worker does not come up', { FAILS_AT: '/worker.workerpool.yaml' }, everythingBack.slice(0, 2)],
  ])('everything that was changed goes back when %s', async (_name, env, back) => {
    const { code, calls } = await rollOut(env);
    expect(code).not.toBe(0);
    expect(calls.slice(-back.length)).toEqual(back);
  });

  test('a failed migration stops the rollout before any service changes', async () => {
    const { code, calls } = await rollOut({ FAILS_AT: 'jobs execute' });
    expect(code).not.toBe(0);
    expect(calls.at(-1)).toBe('jobs execute jobstream-migrate --wait');
  });
});
