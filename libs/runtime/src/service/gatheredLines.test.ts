import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const LOGGER = pathToFileURL(path.join(import.meta.dirname, 'logger.ts')).href;

/** Runs a program that has a logger which gathers its lines; returns the messages that it has written when it is gone. */
async function messagesOf(program: string): Promise<readonly string[]> {
  const source = `import { createLogger } from '${LOGGER}';
const logger = createLogger({ service: 'test', level: 'info', gathersLines: true });
const kill = () => process.kill(process.pid, 'SIGKILL');
${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [written] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

const one = "logger.info('one');";

test('all lines are written in order, also of a turn in which the process exits', async () => {
  expect(await messagesOf(`${one} logger.info('two'); process.exit();`)).toEqual(['one', 'two']);
});

test('all lines are written of a process that an error ends', async () => {
  expect(await messagesOf(`process.on('uncaughtException', () => process.exit(3)); ${one} throw new Error();`)).toEqual(
    ['one'],
  );
});

test('a process that is killed loses the lines of its last turn alone', async () => {
  const program = `${one} setImmediate(() => setImmediate(() => { logger.info('two'); kill(); }));`;
  expect(await messagesOf(program)).toEqual(['one']);
});

test.each(['warn', 'error', 'fatal'])(
  'a line of level %s is written at once, behind those before it',
  async (level) => {
    expect(await messagesOf(`${one} logger.${level}('two'); kill();`)).toEqual(['one', 'two']);
  },
);

test('more lines than are gathered are written on the way', async () => {
  const written = await messagesOf(
    `for (let n = 0; n < 1_000; n += 1) logger.info({ filler: 'x'.repeat(100) }, 'line ' + n); kill();`,
  );
  expect(written.length).toBeGreaterThan(900);
  expect(written).toEqual(written.map((_, n) => `line ${n}`));
});
