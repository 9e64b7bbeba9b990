import { startTcpProxy } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../testing/commandStage.ts';
import { runCommand } from '../../testing/runCommand.ts';

let stage: CommandStage;

beforeAll(async () => {
  stage = await startCommandStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

test('top shows an overview once where there is no terminal, and until q on one', async () => {
  const once = await stage.run('top', '--retry-for', '120s');
  expect(once).toMatchObject({ code: 0, stderr: '' });
  expect(once.stdout).toMatch(
    /^pending \d+.* · live workers 1 · .*\nin 60 min: completed \d+ .*\n[^]*^TYPE +PENDING +OLDEST /mu,
  );
  expect(once.stdout).not.toContain('\u001B');
  const { stdout } = await stage.run('top', '--json', '--retry-for', '120s');
  expect(JSON.parse(stdout)).toMatchObject({
    stats: { activity: {} },
    failures: { items: [] },
    workers: [{ live: true }],
  });
  const onTerminal = { terminal: true, columns: 60, input: 'q', env: { JOBSTREAM_URL: stage.api, NO_COLOR: '1' } };
  const followed = await runCommand(['top', '--every', '1h'], onTerminal);
  expect(followed).toMatchObject({ code: 0, stderr: '' });
  const [start, end] = ['\u001B[?1049h\u001B[?25l\u001B[H', '\u001B[J\u001B[?25h\u001B[?1049l'];
  expect([followed.stdout.startsWith(`${start}${stage.api}`), followed.stdout.endsWith(end)]).toEqual([true, true]);
  expect(followed.stdout.slice(start.length, -end.length).replaceAll('\u001B[K', '')).not.toContain('\u001B');
});

test('top goes on while the API cannot be reached, and says so', async () => {
  await using proxy = await startTcpProxy(Number(new URL(stage.api).port));
  const stop = new AbortController();
  const shown = runCommand(['top', '--every', '20ms', '--retry-for', '0s'], {
    columns: 100,
    env: { JOBSTREAM_URL: `http://127.0.0.1:${proxy.port}` },
    signal: stop.signal,
    onOutput: (text) => {
      if (text.includes('pending')) void proxy.cut();
      if (text.includes('not reachable')) stop.abort();
    },
  });
  expect(await shown).toMatchObject({ code: 130, stderr: '' });
});

test('proof compares the table with the log, and remembers it', async () => {
  expect(await stage.run('proof')).toMatchObject({ code: 2, stdout: 'The table was not compared with the log yet.\n' });
  const now = await stage.run('proof', '--now');
  expect(now).toMatchObject({ code: 0, stderr: 'A projector compares the table with the log.\n' });
  expect(now.stdout).toMatch(/^equal at event [\d,]+ of [\d,]+: [\d,]+ jobs, 0 differences, compared .+\n$/u);
  const { code, stdout } = await stage.run('proof', '--json');
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    { last: expect.objectContaining({ status: 'equal', differences: 0 }) },
  ]);
  expect(await stage.run('proof', '--now', '--retry-for', '0s')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the table was compared with the log a moment ago; try again later'),
  });
  expect((await stage.run('audit', '--action', 'verification.end')).stdout).toContain('succeeded');
});
