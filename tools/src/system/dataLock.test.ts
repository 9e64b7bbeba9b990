import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataFolderInUseError, DataFolderUnusableError, lockDataFolder } from './dataLock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'jobstream-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder in use is refused, and the error names the process that uses it', () => {
  lockDataFolder(folder);
  const again = () => lockDataFolder(folder, process.ppid);
  expect(again).toThrow(DataFolderInUseError);
  expect(again).toThrow(`is in use by process ${process.pid}: stop that one first.`);
});

test.each([
  ['a file system that takes no folders', () => '/proc/x', /ENOENT/],
  ['a file', () => path.join(folder, 'file'), /ENOTDIR/],
  ['a folder below a file', () => path.join(folder, 'file', 'data'), /ENOTDIR/],
])('%s is refused in a sentence', (_what, place, why) => {
  writeFileSync(path.join(folder, 'file'), '');
  const lock = () => lockDataFolder(place());
  expect(lock).toThrow(DataFolderUnusableError);
  expect(lock).toThrow(why);
  expect(lock).toThrow(`The data folder ${place()} cannot be used: `);
  expect(lock).toThrow(/\. Name another with --data-dir or DATA_DIR\.$/);
});

test('folders above it are made as well', () => {
  lockDataFolder(path.join(folder, 'a', 'b'));
  expect(readdirSync(path.join(folder, 'a', 'b'))).toEqual(['lock']);
});

test('a released folder is free, and locking creates only the lock file', () => {
  const release = lockDataFolder(folder);
  expect(readdirSync(folder)).toEqual(['lock']);
  release();
  expect(readdirSync(folder)).toEqual([]);
  expect(() => lockDataFolder(folder)).not.toThrow();
});

test.each([
  ['of a process that has ended', JSON.stringify({ pid: 4_194_999, startedAt: 'then' })],
  ['of a process whose id another one has now', JSON.stringify({ pid: process.pid, startedAt: 'then' })],
  ['that was cut off half-written', '{"pid":'],
])('a lock %s is taken over', (_what, content) => {
  writeFileSync(path.join(folder, 'lock'), content);
  expect(() => lockDataFolder(folder)).not.toThrow();
  expect(readdirSync(folder)).toEqual(['lock']);
});
