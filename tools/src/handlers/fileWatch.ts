import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import path from 'node:path';
import { isForOthers } from './handlerModules.ts';

/** An editor may write a file in several steps. */
const SETTLED_AFTER_MS = 100;
const CODE = /\.([cm]?[jt]sx?|json)$/;

/** Reports changes of the files that a program has loaded, and of the code in one folder, tests excepted. */
export class FileWatch {
  readonly #onChange: (file: string) => void;
  readonly #files = new Set<string>();
  readonly #folders = new Map<string, FSWatcher>();
  readonly #wholeFolder: string | undefined;
  #settling: NodeJS.Timeout | undefined;

  /** @param wholeFolder a folder whose code is watched whether or not it is loaded. */
  constructor(onChange: (file: string) => void, wholeFolder?: string) {
    this.#onChange = onChange;
    this.#wholeFolder = wholeFolder;
    if (wholeFolder !== undefined) this.#watchFolder(wholeFolder);
  }

  /** Watches a file, unless it belongs to an installed package. */
  add(file: string): void {
    if (file.includes(`${path.sep}node_modules${path.sep}`) || this.#files.has(file)) return;
    this.#files.add(file);
    this.#watchFolder(path.dirname(file));
  }

  stop(): void {
    clearTimeout(this.#settling);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  /** The folder rather than the file: editors replace files by others of the same name. */
  #watchFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    const watcher = watch(folder, (_event, name) => {
      const file = path.join(folder, name ?? '');
      const isOfFolder = folder === this.#wholeFolder && CODE.test(file) && !isForOthers(file);
      if (this.#files.has(file) || isOfFolder) this.#changed(file);
    });
    watcher.on('error', () => watcher.close()); // the folder is gone
    this.#folders.set(folder, watcher);
  }

  #changed(file: string): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#onChange(file), SETTLED_AFTER_MS);
  }
}
