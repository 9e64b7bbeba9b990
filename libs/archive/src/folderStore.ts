import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ArchiveStore, ByteRange } from './archiveStore.ts';
import { ArchiveUnavailableError } from './errors.ts';

/** The suffix of files that are being written, which `list` leaves out. */
const TEMPORARY = '.tmp';

/** Stores an archive in a folder. Files are synced before they get their name, so that a power cut leaves none in part. */
export class FolderStore implements ArchiveStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(folder: string, after: string): Promise<readonly string[]> {
    const names = await translated(ifPresent(readdir(path.join(this.#folder, folder))));
    const files = (names ?? []).filter((name) => !name.endsWith(TEMPORARY)).map((name) => `${folder}/${name}`);
    return files.filter((name) => name > after).toSorted();
  }

  read(name: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    return translated(ifPresent(readPart(path.join(this.#folder, name), range)));
  }

  async write(name: string, body: Uint8Array): Promise<void> {
    const file = path.join(this.#folder, name);
    await translated(viaTemporary(file, body, (temporary) => rename(temporary, file)));
  }

  async create(name: string, body: Uint8Array): Promise<boolean> {
    const file = path.join(this.#folder, name);
    let created = true;
    await translated(
      viaTemporary(file, body, async (temporary) => {
        created = await linked(temporary, file);
        await rm(temporary);
      }),
    );
    return created;
  }
}

async function viaTemporary(file: string, body: Uint8Array, name: (temporary: string) => Promise<void>): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const temporary = `${file}.${randomUUID()}${TEMPORARY}`;
  try {
    await writeSynced(temporary, body);
    await name(temporary);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Unlike a rename, a link fails where the name is taken. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function writeSynced(file: string, body: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(body);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new name is durable once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readPart(file: string, range?: ByteRange): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    if (range === undefined) return await handle.readFile();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(range.bytes), 0, range.bytes, range.offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function ifPresent<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function translated<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw new ArchiveUnavailableError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
