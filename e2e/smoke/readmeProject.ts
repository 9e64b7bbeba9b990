import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { type RunningSystem, TestProcess } from '@jobstream/test-support';
import { packPackages, publishedPackages } from '@jobstream/tools';
import { writeReadmePrograms } from '../packages/readmePrograms.ts';
import { environmentOf, installInto } from '../packages/userProject.ts';

/** More programs of a user. */
const FIXTURES = path.join(import.meta.dirname, 'project');
const PACKAGES = ['@jobstream/client', '@jobstream/worker'];
const API_OF_README = 'http://127.0.0.1:3000';

/** A user's project outside the repository, with the packed packages and the programs at the beginning of README.md. */
export class ReadmeProject {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Packs the packages and installs them into an empty folder. */
  static async install(folder: string): Promise<ReadmeProject> {
    const packed = PACKAGES.map((name) => packPackages(publishedPackages.filter((one) => one.name === name)));
    const packages = (await Promise.all(packed)).flat();
    await installInto(folder, { fixtures: FIXTURES, packages, others: ['zod@4.6.7'] });
    const programs = await writeReadmePrograms(path.join(repositoryRoot, 'README.md'), 'ts', folder);
    const files = programs.map(({ file }) => file);
    assert.deepEqual(files, ['jobs/thumbnail.ts', 'jobs/worker.ts', 'producer.ts']);
    return new ReadmeProject(folder);
  }

  /** Starts a program as a user does, with what `npm start` has printed. */
  async run(script: string, system: RunningSystem, settings: Record<string, string> = {}): Promise<TestProcess> {
    const file = path.join(this.#folder, script);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(API_OF_README, system.api));
    const env = { ...environmentOf(system), ...settings };
    return new TestProcess(process.execPath, { args: [script], cwd: this.#folder, env, ipc: false });
  }
}
