import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readJson } from './mutantResults.ts';
import type { MutantWorkspace } from './mutantWorkspace.ts';
import { RECORDER, recorderOf, withProbes } from './reachProbes.ts';

/** What a test file runs. */
export interface TestReach {
  readonly test: string;
  /** The blocks of the package's code that it ran, also in processes that it started. */
  readonly blocks: readonly string[];
}

export interface ReachMeasurement {
  readonly workspace: MutantWorkspace;
  /** The files of the package in which mutants are planted. */
  readonly product: readonly string[];
  /** Where earlier measurements are kept. */
  readonly cacheFile: string;
  /** Runs a test file; resolves to false when it fails. */
  readonly runTest: (test: string) => Promise<boolean>;
  readonly say: (line: string) => void;
}

type Cached = Record<string, { readonly hash: string; readonly reach: TestReach }>;

/**
 * Runs each test file once, alone, and returns which code it reached. A file that was measured before with the same code is
 * not run again; one that fails is left out.
 */
export async function measureReach(measurement: ReachMeasurement, tests: readonly string[]): Promise<TestReach[]> {
  const { workspace, product, cacheFile, say } = measurement;
  const cached: Cached = (await readJson<Cached>(cacheFile)) ?? {};
  const sources = await Promise.all(product.map(async (file) => [file, await workspace.read(file)] as const));
  const probed = new Map(sources.map(([file, source]) => [file, withProbes(file, source)]));
  return workspace.withTexts(probed, async () => {
    const measured: TestReach[] = [];
    for (const test of tests) {
      const hash = hashOf([...sources.flat(), await workspace.read(test)]);
      const known = cached[test]?.hash === hash ? cached[test].reach : undefined;
      const reach = known ?? (await measure(measurement, test));
      if (reach === undefined) {
        say(`${test} is left out: it fails without a mutant`);
        continue;
      }
      measured.push(reach);
      cached[test] = { hash, reach };
      if (known === undefined) await save(cacheFile, cached);
    }
    return measured;
  });
}

async function measure({ workspace, runTest, say }: ReachMeasurement, test: string): Promise<TestReach | undefined> {
  const reachedFile = path.join(workspace.folder, 'reached.txt');
  await writeFile(path.join(workspace.folder, RECORDER), recorderOf(reachedFile));
  await rm(reachedFile, { force: true });
  if (!(await runTest(test))) return undefined;
  say(`${test} passes`);
  const reached = await readFile(reachedFile, 'utf8').catch(() => ''); // of a test that reaches nothing
  return { test, blocks: [...new Set(reached.split('\n').filter((block) => block !== ''))] };
}

async function save(cacheFile: string, cached: Cached): Promise<void> {
  await mkdir(path.dirname(cacheFile), { recursive: true });
  await writeFile(cacheFile, JSON.stringify(cached));
}

function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length} ${text}`);
  return hash.digest('hex');
}
