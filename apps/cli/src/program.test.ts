import { expect, test } from 'vitest';
import { runCommand } from '../testing/runCommand.ts';
import { passesOn } from './system/passOn.ts';

test('the help has the commands, the environment and the exit codes', async () => {
  const { code, stdout, stderr } = await runCommand(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: jobstream .*Commands:\n {2}dev .*enqueue .*JOBSTREAM_URL.*Exit codes: 0 fine/su);
});

test('without a command the help is shown, and the exit code is that of wrong usage', async () => {
  const { code, stdout, stderr } = await runCommand([]);
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
  expect(stderr).toContain('Commands:');
});

test.each([
  [['gte'], "jobstream: unknown command 'gte'\n(Did you mean get?)\nFor help: jobstream --help\n"],
  [
    ['schedules', 'lst'],
    "jobstream: unknown command 'lst'\n(Did you mean list?)\nFor help: jobstream schedules --help\n",
  ],
  [['types', 'puase'], "jobstream: unknown command 'puase'\n(Did you mean pause?)\nFor help: jobstream types --help\n"],
  [
    ['operations', 'wacht', '1'],
    "jobstream: unknown command 'wacht'\n(Did you mean watch?)\nFor help: jobstream operations --help\n",
  ],
  [['types', '--nope'], "jobstream: unknown option '--nope'\nFor help: jobstream types list --help\n"],
  [['get'], "jobstream: missing required argument 'id'\nFor help: jobstream get --help\n"],
  [
    ['get', '1', '--evnts'],
    "jobstream: unknown option '--evnts'\n(Did you mean --events?)\nFor help: jobstream get --help\n",
  ],
  [
    ['get', '1', '--wait', 'soon'],
    "jobstream: option '--wait [duration]' argument 'soon' is invalid. Expected a duration such as 500ms, 30s, 5m, 1h30m or 2d.\n" +
      'For help: jobstream get --help\n',
  ],
  [
    ['enqueue', 'email', '{to}'],
    expect.stringMatching(/^jobstream: the payload is not JSON: .*a text needs its quotes/u),
  ],
  [
    ['enqueue', 'email', '{"id":12345678901234567,"safe":[1.50,-0,9007199254740991]}'],
    'jobstream: the payload has the number 12345678901234567, which would be changed: write it as a text\n',
  ],
  [
    ['enqueue', 'email', '[1e400]'],
    'jobstream: the payload has the number 1e400, which would be changed: write it as a text\n',
  ],
  [['enqueue', 'email', '@absent.json'], 'jobstream: absent.json cannot be read (ENOENT)\n'],
  [['enqueue', 'email', '--delay', '5m', '--run-at', '2030-01-01'], 'jobstream: give --delay or --run-at, not both\n'],
  [
    ['enqueue', 'email', '--unique-by', 'type', '--unique-while', 'waiting', '--unique-for', '1h'],
    'jobstream: give --unique-while or --unique-for, not both\n',
  ],
  [
    ['enqueue', 'email', '--unique-for', '1h'],
    'jobstream: --unique-while, --unique-for and --on-conflict go with --unique-by\n',
  ],
  [
    ['enqueue', 'email', '--priority', 'urgent'],
    "jobstream: option '--priority <priority>' argument 'urgent' is invalid. Allowed choices are high, normal, low.\n" +
      'For help: jobstream enqueue --help\n',
  ],
  [['priority'], "jobstream: missing required argument 'priority'\nFor help: jobstream priority --help\n"],
  [['priority', 'high', '1'], 'jobstream: give the priority at the end, high, normal or low, got: 1\n'],
  [['priority', 'high'], expect.stringMatching(/^jobstream: give ids, or a filter/u)],
  [['priority', '1', 'low', '--type', 'email'], 'jobstream: give ids, or a filter with its options, not both\n'],
  [['cancel'], 'jobstream: give ids, or a filter such as --status failed --type email, or --all for every job\n'],
  [['retry', '1', '--type', 'email'], 'jobstream: give ids, or a filter with its options, not both\n'],
  [['cancel', '--all', '--tag', 'a'], 'jobstream: give --all or a filter, not both\n'],
  [
    ['stats', '--window', '1w'],
    "jobstream: option '--window <time>' argument '1w' is invalid. Expected minutes, hours or days, such as 15m, 24h or 30d.\n" +
      'For help: jobstream stats --help\n',
  ],
])('%j is wrong usage', async (args, stderr) => {
  expect(await runCommand(args)).toEqual({ code: 64, stdout: '', stderr });
});

test.each(['types', 'schedules', 'operations'])('the help of %s names its commands', async (group) => {
  for (const args of [
    [group, '--help'],
    ['help', group],
  ]) {
    expect(await runCommand(args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/Commands:\n {2}list /u) });
  }
});

test('an API that is not reachable is named, with what to do', async () => {
  const { code, stderr } = await runCommand(['get', '1', '--url', 'http://127.0.0.1:9', '--retry-for', '0ms']);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^jobstream: The API is not reachable at http:\/\/127\.0\.0\.1:9 \(.+\): start it with `jobstream dev`, or name another address/u,
  );
});

test('an address in the environment that is none is wrong usage', async () => {
  const { code, stderr } = await runCommand(['get', '1'], { env: { JOBSTREAM_URL: 'localhost' } });
  expect({ code, stderr }).toEqual({
    code: 64,
    stderr: 'jobstream: JOBSTREAM_URL must be an address such as https://jobs.example.com, got: localhost\n',
  });
});

test('the version is that of the package', async () => {
  expect(await runCommand(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
});

/** The names of the commands of a program or a group, by its help. */
async function commandsOf(...group: string[]): Promise<readonly string[]> {
  const { stdout } = await runCommand([...group, '--help']);
  const [, list = ''] = /\nCommands:\n((?: {2,}.*\n)+)/u.exec(stdout) ?? [];
  return [...list.matchAll(/^ {2}([a-z-]+)/gmu)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]));
}

/** The words of every command that is not handed over to another program. */
async function allCommands(): Promise<readonly (readonly string[])[]> {
  const all: string[][] = [];
  for (const name of await commandsOf()) {
    if (passesOn(name)) continue;
    all.push([name]);
    for (const own of await commandsOf(name)) all.push([name, own]);
  }
  return all;
}

test('the help of every command has examples', async () => {
  const commands = await allCommands();
  expect(commands.length).toBeGreaterThan(15);
  for (const words of commands)
    expect((await runCommand([...words, '--help'])).stdout).toMatch(
      new RegExp(`^Usage: jobstream ${words.join(' ')} [^]*\\nExamples:\\n {2}\\$ (?:npx )?jobstream `, 'u'),
    );
});

/** Options for times to come, and for a period. */
const NOT_OF_THE_PAST = new Set(['--run-at', '--until', '--window']);

test('every option for a time of the past takes how long ago it was as well, and the help says so', async () => {
  const nowhere = ['--url', 'http://127.0.0.1:9', '--retry-for', '0ms'];
  const seen = new Set<string>();
  for (const words of await allCommands()) {
    const help = (await runCommand([...words, '--help'])).stdout;
    const options = [...help.matchAll(/^ {2}(--[a-z-]+) <time>/gmu)].map(([, option = '']) => option);
    for (const option of options.filter((one) => !NOT_OF_THE_PAST.has(one))) {
      seen.add(option);
      expect(help.split('Examples:')[0]).toMatch(/"\d+[hm]\s+ago"/u);
      for (const time of ['2m', '1h ago', '2026-01-31T09:00:00Z', '2026-01-31'])
        expect((await runCommand([...words, option, time, ...nowhere])).stderr).not.toContain(option);
    }
  }
  expect([...seen]).toEqual(
    expect.arrayContaining(['--created-after', '--finished-before', '--run-before', '--as-of', '--from', '--to']),
  );
});

/** Returns what the help of a command and of those below it says of defaults, such as `audit --limit: 50`. */
async function defaultsIn(command: readonly string[] = []): Promise<readonly string[]> {
  const help = (await runCommand([...command, '--help'])).stdout.replaceAll(/\n {3,}/gu, ' ');
  const own = help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+).*\(default: (.*)\)/gmu);
  const [, commands = ''] = /\nCommands:\n((?: {2}.*\n)*)/u.exec(help) ?? [];
  const names = [...commands.matchAll(/^ {2}([\w-]+)/gmu)].map(([, name = '']) => name);
  const below = names
    .filter((name) => name !== 'help' && !passesOn(name))
    .map((name) => defaultsIn([...command, name]));
  const ofOwn = [...own].map(([, option = '', value]) => `${[...command, option].join(' ')}: ${value}`);
  return [...ofOwn, ...(await Promise.all(below)).flat()];
}

test('options have these defaults, which the help names', async () => {
  const all = await defaultsIn();
  const ofConnection = / --retry-for: /u;
  expect(all.filter((one) => !ofConnection.test(one))).toEqual([
    'dev --data-dir: DATA_DIR, or .data',
    'list --limit: 50',
    'export --limit: 100',
    'operations list --limit: 50',
    'schedules create --time-zone: UTC',
    'top --every: 2s',
    'audit --limit: 50',
  ]);
  expect(new Set(all.filter((one) => ofConnection.test(one)).map((one) => one.split(': ')[1]))).toEqual(
    new Set(['2s']),
  );
});
