import path from 'node:path';
import { builtProgram, createDatabase, freePort, startNats, TestProcess } from '@jobstream/test-support';
import { repositoryRoot } from '@jobstream/servers';
import { beforeAll, expect, test } from 'vitest';

let right: URL;

beforeAll(async () => {
  right = new URL(await createDatabase());
});

/** The address of the database with a mistake. */
const changed = (change: Partial<URL>) => Object.assign(new URL(right), change).href;

async function runTool(args: readonly string[], env: NodeJS.ProcessEnv) {
  const [tool = '', ...words] = args;
  const script = path.join(repositoryRoot, 'tools', `${tool}.ts`);
  await using run = TestProcess.node(script, { args: words, env: { NATS_URL: '', ...env }, ipc: false });
  return { code: await run.ended, output: run.output };
}

test.each([
  ['migrate', 'DATABASE_URL', ['migrate']],
  ['keys', 'DATABASE_URL', ['keys', 'list']],
  ['outbox', 'OUTBOX_URL', ['outbox', 'status']],
] as const)(
  '%s says in one line what is wrong with the address, without the password',
  async (_tool, setting, args) => {
    const { host, pathname, username, port } = right;
    expect(await runTool(args, { [setting]: changed({ password: 'not-this' }) })).toEqual({
      code: 2,
      output: `The database ${host}${pathname} refuses the user ${username} or its password. Correct ${setting}.\n`,
    });
    expect(await runTool(args, { [setting]: changed({ pathname: '/nowhere' }) })).toEqual({
      code: 2,
      output: `The server at ${host} has no database nowhere. Create it (createdb nowhere), or correct ${setting}.\n`,
    });
    const free = String(await freePort());
    const away = await runTool(args, { [setting]: changed({ port: free }) });
    const place = `${host.replace(port, free)}${pathname}`;
    expect(away.code).toBe(2);
    expect(away.output.replace('the read model is not available: the', 'The')).toBe(
      `The database ${place} cannot be used: connect ECONNREFUSED 127.0.0.1:${free}. Start it, or correct ${setting}.\n`,
    );
  },
);

test.each(['migrate', 'keys list'])('%s with an address that is none says what is expected', async (line) => {
  expect(await runTool(line.split(' '), { DATABASE_URL: 'garbage' })).toEqual({
    code: 2,
    output: 'expected DATABASE_URL to be a URL beginning with postgres:// or postgresql://, got: garbage\n',
  });
});

test.each(['api', 'projector'])('the %s ends with that line when the password is wrong', async (app) => {
  await using nats = await startNats();
  const env = { NATS_URL: nats.url, DATABASE_URL: changed({ password: 'not-this' }), PORT: '0' };
  await using run = TestProcess.node(builtProgram(`apps/${app}/src/main.ts`), { env });
  expect(await run.ended).toBe(1);
  const { host, pathname, username } = right;
  const fatal = run.lines.filter(({ msg }) => msg?.startsWith('The database'));
  expect(fatal.map(({ msg }) => msg)).toEqual([
    `The database ${host}${pathname} refuses the user ${username} or its password. Correct DATABASE_URL.`,
  ]);
  expect(fatal[0]).not.toHaveProperty('err');
});
