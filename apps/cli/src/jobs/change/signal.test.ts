import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../../testing/commandStage.ts';
import { runCommand } from '../../../testing/runCommand.ts';

let stage: CommandStage;

beforeAll(async () => {
  stage = await startCommandStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

/** A job of a type that nobody handles, so that every signal is taken. */
async function enqueue(): Promise<string> {
  return (await stage.run('enqueue', 'order', '{}', '--quiet')).stdout.trim();
}

const signals = async (id: string) => {
  const { events } = JSON.parse((await stage.run('get', id, '--events', '--json')).stdout) as { events: object[] };
  return events.slice(1);
};

test('signal sends one with its payload, which get and its events show, with a warning where no worker is known', async () => {
  const id = await enqueue();
  expect(await stage.run('signal', id, 'approved', '{"by": "ann"}')).toEqual({
    code: 0,
    stdout: `${id}  order  pending  approved sent\n`,
    stderr: expect.stringMatching(/^warning: no worker has announced the type order/u),
  });
  expect((await stage.run('signal', id, 'note')).code).toBe(0);
  expect(await signals(id)).toMatchObject([
    { event: 'JobSignalled', data: { name: 'approved', payload: { by: 'ann' } } },
    { event: 'JobSignalled', data: { name: 'note', payload: null } },
  ]);
  expect((await stage.run('get', id, '--events')).stdout).toMatch(
    /^unread +approved, note$[^]* JobSignalled +approved: /mu,
  );
});

test('the payload is read from standard input, and the same key sends it once', async () => {
  const id = await enqueue();
  const args = ['signal', id, 'paid', '-', '--idempotency-key', 'payment-7', '--json'];
  const send = () => runCommand(args, { env: { JOBSTREAM_URL: stage.api }, input: '{"cents": 5}' });
  const first = await send();
  expect(JSON.parse(first.stdout)).toMatchObject({ id, unread: { paid: 1 }, signal: { name: 'paid' } });
  expect(JSON.parse((await send()).stdout)).toMatchObject({ signal: JSON.parse(first.stdout).signal });
  expect(await signals(id)).toMatchObject([{ data: { name: 'paid', payload: { cents: 5 } } }]);
});

test('a signal that cannot be sent is told, and so is wrong usage', async () => {
  const id = await enqueue();
  expect(await stage.run('signal', id, 'approved', 'by ann')).toMatchObject({ code: 64 });
  expect(await stage.run('signal', id)).toMatchObject({ code: 64 });
  await stage.run('cancel', id);
  expect(await stage.run('signal', id, 'approved')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the job is cancelled: it takes no signals any more') as string,
  });
  const nap = (await stage.run('enqueue', 'sleep', '{"durationMs": 1}', '--delay', '1h', '--quiet')).stdout.trim();
  expect(await stage.run('signal', nap, 'approved')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('jobs of the type sleep take no signals') as string,
  });
});
