import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Lets the files of docs/measurements/slow-tests.md begin first, so that no run ends with one of them alone. */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const reasons = slowReasons(await readFile(path.join(root, SLOW_TESTS), 'utf8'));
    const isSlow = ({ moduleId }: TestSpecification) => reasons.has(path.relative(root, moduleId));
    // oxlint-disable-next-line unicorn/no-array-sort -- it is the method of a class of that name
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export const SLOW_TESTS = 'docs/measurements/slow-tests.md';

/** Returns the reasons by file. */
export function slowReasons(page: string): ReadonlyMap<string, string> {
  const rows = page.matchAll(/^\| `(?<file>[^`]+)` +\| (?<reason>.*?) +\|$/gmu);
  return new Map([...rows].map(({ groups }) => [groups?.['file'] ?? '', groups?.['reason'] ?? '']));
}
