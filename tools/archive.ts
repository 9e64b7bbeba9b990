import { projectorTask } from './src/tasks/projectorTask.ts';

/** Archives all that the log has, or checks the archive: docs/archive.md. */
await projectorTask('archive', process.argv.slice(2));
