import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { expect } from 'vitest';

/** Where the log of a container is kept, named after the test file that started it. */
export function containerLogFile(logFolder: string, server: string): string {
  return path.join(logFolder, `${testFile()}-${server}-${randomUUID().slice(0, 8)}.log`);
}

function testFile(): string {
  try {
    return path.basename(expect.getState().testPath ?? 'shared', '.test.ts');
  } catch {
    return 'shared'; // outside of a test file, for all of them
  }
}
