import { rebuildTables } from '../src/rebuild/rebuildTables.ts';
import type { RebuildOutcome, RebuildTablesOptions } from '../src/rebuild/rebuildTables.ts';

/** Rebuilds the tables of a stage; what is not told is as for a plain `npm run rebuild`. */
export function rebuildStage(
  { eventLog, databaseUrl }: Pick<RebuildTablesOptions, 'eventLog' | 'databaseUrl'>,
  change: Partial<RebuildTablesOptions> = {},
): Promise<RebuildOutcome> {
  return rebuildTables({
    eventLog,
    databaseUrl,
    kind: 'rebuild',
    force: false,
    except: [],
    stop: new AbortController().signal,
    onProgress: () => {},
    ...change,
  });
}
