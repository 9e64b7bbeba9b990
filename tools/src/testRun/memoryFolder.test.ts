import { expect, test } from 'vitest';
import { memoryFolder } from './memoryFolder.ts';

test('a folder that is no file system of its own, or that does not exist, is not used', async () => {
  expect(await memoryFolder('/usr')).toBeUndefined();
  expect(await memoryFolder('/nowhere')).toBeUndefined();
});

test('a file system without room is not used', async () => {
  expect(await memoryFolder('/proc')).toBeUndefined();
});
