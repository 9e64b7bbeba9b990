import { eventually, forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { appendLife } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { spawnProjector, spawnTask } from '../../testing/spawnProjector.ts';

const stage = forEachTest(projectorStage);

const environment = () => ({ NATS_URL: stage.nats.url, DATABASE_URL: stage.databaseUrl });

/** The exit code and what was written to standard output. */
async function run(name: 'rebuild' | 'verify', ...args: string[]): Promise<readonly (string | number)[]> {
  await using task = spawnTask(name, args, environment());
  return [await task.ended, ...task.stdout.trimEnd().split('\n')];
}

/** Resolves when a projector has tables and past states of all that is in the log. */
async function followedAll(): Promise<void> {
  await stage.projectedAll();
  const end = await stage.eventLog.lastSequence();
  const reached = async () => expect((await stage.readModel.readPastCheckpoint())?.lastSequence).toBe(end);
  await eventually(reached);
}

test('verify says whether past states match the log, and after rebuild --past a projector builds them anew', async () => {
  await using _projector = spawnProjector({ ...environment(), AS_OF_REACH: '7d', PORT: '0' });
  const job = await appendLife(stage.eventLog, 2);
  await followedAll();
  const table = 'The table matches the log at sequence 2 of 2: 1 job.';
  const equal = [0, table, 'The tables of past moments match it as well.'];
  expect(await run('verify')).toEqual(equal);

  await stage.sql(`UPDATE past_jobs SET status = 'failed' WHERE job_id = '${job}'`);
  expect(await run('verify')).toEqual([
    1,
    `past states of job ${job}: status is failed, but processing by the log`,
    table,
    'The tables of past moments differ. To have them built anew: npm run rebuild -- --past.',
  ]);
  const [code, document = ''] = await run('verify', '--json');
  expect([code, JSON.parse(String(document))]).toEqual([
    1,
    expect.objectContaining({
      status: 'differs',
      position: 2,
      end: 2,
      jobs: 1,
      differences: 1,
      first: [expect.anything()],
    }),
  ]);
  expect(await run('rebuild', '--past')).toEqual([
    0,
    'The tables of past moments are empty. A projector with AS_OF_REACH builds them anew from the log, from now on.',
  ]);
  await followedAll();
  expect(await run('verify')).toEqual(equal);
});

test('where no past states are kept, verify says nothing of them, and of a table that lags what is missing', async () => {
  const projector = spawnProjector({ ...environment(), PORT: '0' });
  await appendLife(stage.eventLog);
  await stage.projectedAll();
  await projector[Symbol.asyncDispose]();
  expect(await run('verify')).toEqual([0, 'The table matches the log at sequence 3 of 3: 1 job.']);

  await appendLife(stage.eventLog);
  expect(await run('verify')).toEqual([
    1,
    'The table matches the log at sequence 3 of 6: 1 job.',
    'The table lags behind the log by 3 events: no projector runs, or it cannot go on. Its own log says why.',
  ]);
});

test('on a terminal the bar of the progress has ended when the result is written', async () => {
  await appendLife(stage.eventLog);
  const onTerminal = '--import=data:text/javascript,process.stderr.isTTY=true';
  await using task = spawnTask('verify', [], { ...environment(), NODE_OPTIONS: onTerminal });
  await task.ended;
  expect(task.stdout).toContain('at sequence 0 of 3');
  const [bar, after] = task.stderr.split('\r').at(-1)?.split('\n') ?? [];
  expect([bar, after]).toEqual([expect.stringContaining('] 100 %'), '']);
});
