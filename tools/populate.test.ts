import path from 'node:path';
import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';

/** What `npm run demo -- --populate` does on a running system is in e2e/docs/night.test.ts. */
function demo(...args: readonly string[]): TestProcess {
  const env = { ...process.env, DATA_DIR: '/nowhere' };
  return TestProcess.node(path.join(import.meta.dirname, 'demo.ts'), { env, args: [...args], ipc: false });
}

test('without a running system it says what to do', async () => {
  await using filling = demo('--populate');
  expect(await filling.ended).toBe(1);
  expect(filling.stderr).toContain('run npm start in another terminal');
});

test('a number that makes no sense is refused', async () => {
  await using filling = demo('--populate', '--seconds', 'soon');
  expect(await filling.ended).toBe(64);
  expect(filling.stderr).toBe('--seconds must be a whole number of at least 1, got: soon\n');
});
