import { expect, test } from 'vitest';
import { TestProcess } from './testProcess.ts';

const program = `
  console.log(JSON.stringify({ msg: 'ready', worker: 'one' }));
  console.error('plain text');
  process.on('message', (message) => {
    process.send({ got: message });
    process.stdout.write('{"msg":"cut o', () => process.exit(3));
  });
`;

test('a test process collects lines, both streams, messages and the exit code', async () => {
  await using child = new TestProcess(process.execPath, { env: {}, args: ['-e', program] });
  await child.logged('ready');
  await child.wrote('plain');
  child.child.send('question');
  expect(await child.ended).toBe(3);
  expect(child.messages).toEqual([{ got: 'question' }]);
  expect(child.lines).toContainEqual({ msg: 'ready', worker: 'one' });
  expect(child.lines.at(-1)).toEqual({ msg: '{"msg":"cut o' });
  expect(child.stderr).toBe('plain text\n');
  await expect(child.logged('stopped')).rejects.toThrow('expected the process to log "stopped", but it wrote:\n{"msg"');
});

test('a test process is killed with its group at the end of its scope', async () => {
  let child: TestProcess | undefined;
  {
    await using shell = new TestProcess('sh', { env: {}, args: ['-c', 'sleep 600 & echo up; wait'], group: true });
    child = shell;
    await child.wrote('up');
  }
  expect(await child.ended).toBe('SIGKILL');
});
