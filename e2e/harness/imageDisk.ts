import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk in a file, mounted in a folder. What was written and not synced lies in the page cache and not in the file. */
export interface ImageDisk extends AsyncDisposable {
  readonly folder: string;
  /** The disk as it would be found if the power went now: what is in the file, mounted beside the other. */
  found(): Promise<ImageDisk>;
}

/** Makes an empty disk in the file `<folder>.img`. Needs the rights of root, loop devices and mkfs.ext4. */
export async function createImageDisk(folder: string, megabytes = 512): Promise<ImageDisk> {
  await mkdir(folder, { recursive: true });
  await run('truncate', ['-s', `${megabytes}M`, imageOf(folder)]);
  await run('mkfs.ext4', ['-q', '-F', imageOf(folder)]);
  return mount(folder);
}

async function mount(folder: string): Promise<ImageDisk> {
  // Without the file system's own commit every few seconds, so that nothing but a sync brings data to the file.
  await run('mount', ['-o', 'loop,commit=600', imageOf(folder), folder]);
  return {
    folder,
    found: () => copy(folder, `${folder}-found`),
    async [Symbol.asyncDispose]() {
      await run('umount', ['--lazy', folder]);
    },
  };
}

async function copy(from: string, to: string): Promise<ImageDisk> {
  await mkdir(to, { recursive: true });
  await run('cp', ['--sparse=always', imageOf(from), imageOf(to)]);
  return mount(to);
}

function imageOf(folder: string): string {
  return `${folder}.img`;
}
