import type { TestModule } from 'vitest/node';
import type { FlakyEntry } from './flakyList.ts';
import { flakyRow } from './flakyList.ts';

/** With more flaky files than these a run has failed, and when more have failed none is tried again. */
export const MAX_FLAKY = 5;

/** The tag of tests whose failure is never a matter of the moment; see vitest.config.ts. */
const EXACT = 'exact';
const DAY_MS = 86_400_000;
const MAX_DAYS = 7;

export interface FlakyFile {
  readonly file: string;
  /** The name of the first test that failed, and the first line of its error. */
  readonly failure: string;
  /** Processes that ran or wanted to, averaged over the five minutes before the end of the run in which it failed. */
  readonly load: number;
}

interface Circumstances {
  readonly otherErrors: readonly unknown[];
  readonly list: readonly FlakyEntry[];
  readonly now: Date;
}

interface Choice {
  readonly again: readonly TestModule[];
  readonly refused: readonly { readonly file: string; readonly why: string }[];
}

/** Decides which of the files that failed are tried once more, and says why the others are not. */
export function choose(modules: readonly TestModule[], circumstances: Circumstances): Choice {
  const failed = modules.filter((module) => !module.ok());
  const reasons = new Map(failed.map((module) => [module, refusal(module, failed.length, circumstances)]));
  return {
    again: failed.filter((module) => reasons.get(module) === undefined),
    refused: failed.flatMap((module) => {
      const why = reasons.get(module);
      return why === undefined ? [] : [{ file: module.relativeModuleId, why }];
    }),
  };
}

function refusal(module: TestModule, failed: number, { otherErrors, list, now }: Circumstances): string | undefined {
  if (otherErrors.length > 0) return 'a process ended, or an error was not handled';
  if (failed > MAX_FLAKY) return `${failed} files have failed`;
  const exact = [...module.children.allTests('failed')].find(({ tags }) => tags.includes(EXACT));
  if (exact !== undefined) return `"${exact.fullName}" is about loss, duplicates, or what must be equal`;
  return refusalOfKnown(module.relativeModuleId, list, now);
}

/** Says why a file gets no second try that has been known to be flaky for too long. */
export function refusalOfKnown(file: string, list: readonly FlakyEntry[], now: Date): string | undefined {
  const known = list.find((entry) => entry.file === file && !entry.isMended);
  const isOld = known !== undefined && now.getTime() - Date.parse(known.since) > MAX_DAYS * DAY_MS;
  return isOld ? `it has been on the list of flaky files since ${known.since}` : undefined;
}

/** Names a file that passed alone, with its row for the list of flaky files. */
export function flakyLine({ file, failure, load }: FlakyFile): string {
  const what = `${failure} (load ${load.toFixed(1)})`;
  const row = flakyRow(file, what, new Date());
  return `flaky: ${file} > ${what}; it passed alone. Its row in docs/measurements/flaky.md:\n${row}`;
}
