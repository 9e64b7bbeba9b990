import { projectorTask } from './src/tasks/projectorTask.ts';

/** Compares the tables of the read model with the log, and repairs them if told to: docs/read-model.md. */
await projectorTask('verify', process.argv.slice(2));
