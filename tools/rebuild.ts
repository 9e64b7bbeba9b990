import { projectorTask } from './src/tasks/projectorTask.ts';

/** Builds the tables of the read model anew from the log, beside those in use, and swaps them: docs/read-model.md. */
await projectorTask('rebuild', process.argv.slice(2));
