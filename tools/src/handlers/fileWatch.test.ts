import { writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { FileWatch } from './fileWatch.ts';

test('a test that changes right after a handler is not what is reported', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-watch-'));
  const { promise: reported, resolve } = Promise.withResolvers<string>();
  const watch = new FileWatch(resolve, folder.path);
  try {
    // Of changes in quick succession the last is reported.
    writeFileSync(path.join(folder.path, 'invoice.ts'), '');
    writeFileSync(path.join(folder.path, 'invoice.test.ts'), '');
    expect(path.basename(await reported)).toBe('invoice.ts');
  } finally {
    watch.stop();
  }
});
