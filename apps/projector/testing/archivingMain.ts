import { Archive, FolderStore } from '@jobstream/archive';
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { Archiver } from '../src/archive/archiver.ts';
import { ArchivedThrough } from '../src/keeper/archivedThrough.ts';
import { Keeper } from '../src/keeper/keeper.ts';

/** The archiver or the keeper of a log as a process, with an age that is too short for the real one. */
const [part = '', url = '', folder = ''] = process.argv.slice(2);
const maxAgeMs = 1_000;
const intervalMs = 50;
const settleMs = 200;

const eventLog = new EventLog({ url, name: 'projector', maxAgeMs, deadlineMs: 10_000 });
await eventLog.start();
const store = new FolderStore(folder);
const archive = new Archive(store);
const logger = createLogger({ service: 'projector', level: 'info' });
const archived = new ArchivedThrough(archive, eventLog.messages, { settleMs });
const service =
  part === 'archiver'
    ? new Archiver({ eventLog, archive, store, maxAgeMs, intervalMs, logger })
    : new Keeper({
        eventLog,
        maxAgeMs,
        intervalMs,
        keptElsewhere: () => archived.sequence(),
        mayCarry: () => Promise.resolve(true),
        logger,
      });
await service.start();
