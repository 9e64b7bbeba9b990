import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identify, isRunning } from '@jobstream/servers';
import type { ProcessIdentity } from '@jobstream/servers';

/** The data folder belongs to a system that runs now. */
export class DataFolderInUseError extends Error {
  readonly code = 'DATA_FOLDER_IN_USE';
}

/** Nothing can be stored in a data folder. */
export class DataFolderUnusableError extends Error {
  readonly code = 'DATA_FOLDER_UNUSABLE';
}

/**
 * Locks a data folder for this process and returns the function that releases it. Takes over the lock of an ended process.
 *
 * @throws DataFolderInUseError, DataFolderUnusableError with a sentence.
 */
export function lockDataFolder(dataDir: string, pid = process.pid): () => void {
  const lock = path.join(dataDir, 'lock');
  const mine = `${lock}.${pid}`;
  try {
    makeFolder(dataDir);
    writeFileSync(mine, JSON.stringify(identify(pid)));
  } catch (error) {
    const { message } = error as Error;
    const sentence = `The data folder ${dataDir} cannot be used: ${message}. Name another with --data-dir or DATA_DIR.`;
    throw new DataFolderUnusableError(sentence, { cause: error });
  }
  try {
    while (!claim(mine, lock)) giveWay(dataDir, lock, mine);
  } finally {
    rmSync(mine, { force: true });
  }
  return () => rmSync(lock, { force: true });
}

/** One folder at a time: with `recursive` Node tries for ever where a file system such as /proc refuses new folders. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error; // else another process was faster
  }
}

/** Links our file under the name of the lock: either whole or not at all. */
function claim(mine: string, lock: string): boolean {
  try {
    linkSync(mine, lock);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function giveWay(dataDir: string, lock: string, mine: string): void {
  const text = read(lock);
  const owner = text === undefined ? undefined : parse(text);
  if (owner !== undefined && isRunning(owner)) {
    throw new DataFolderInUseError(
      `The data folder ${dataDir} is in use by process ${owner.pid}: stop that one first.`,
    );
  }
  // Another process may have replaced the abandoned lock since we read it: what we move away must be what we read.
  const moved = `${mine}.abandoned`;
  try {
    renameSync(lock, moved);
    if (read(moved) !== text) linkSync(moved, lock);
    rmSync(moved);
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'EEXIST')) throw error;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string): ProcessIdentity | undefined {
  try {
    const { pid, startedAt }: Partial<ProcessIdentity> = JSON.parse(text);
    return pid === undefined || startedAt === undefined ? undefined : { pid, startedAt };
  } catch {
    return undefined;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
