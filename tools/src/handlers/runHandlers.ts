// A process of its own: runs the workers of the modules that its arguments name.
import { pathToFileURL } from 'node:url';
import { reportLoadedFiles } from './reportLoadedFiles.ts';

interface RunnableWorker {
  run(): Promise<void>;
}

const stop = { isAsked: false };
let hasWorkers = false;

/** What `createWorker` returns; the module may have another copy of the package than this program. */
function isWorker(value: unknown): value is RunnableWorker {
  const methods = ['handle', 'run', 'start', 'stop'];
  return typeof value === 'object' && value !== null && methods.every((name) => name in value);
}

/** A module exports its workers, or runs them itself: then its import takes until they have stopped. */
async function runModule(file: string): Promise<void> {
  try {
    const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    const workers = new Set(Object.values(exported).filter(isWorker));
    hasWorkers ||= workers.size > 0;
    await Promise.all([...workers].map((worker) => worker.run()));
  } catch (error) {
    console.error(error);
    if (isReadAsCommonJs(error)) {
      console.error(
        `${file} is read as CommonJS: set "type": "module" in your package.json, or name the file .mts or .mjs.`,
      );
    }
    process.exitCode = 1;
    process.kill(process.pid, 'SIGTERM'); // the workers of other modules finish their running jobs
  }
}

/** `npm init` writes "type": "commonjs", with which Node refuses the imports of a handler. */
function isReadAsCommonJs(error: unknown): boolean {
  return (
    error instanceof SyntaxError && /import statement outside a module|Unexpected token 'export'/.test(error.message)
  );
}

/** A worker that begins after the signal, because its module took longer to load, is stopped as well. */
function passOnToLateWorkers(): void {
  process.once('SIGTERM', () => (stop.isAsked = true));
  process.on('newListener', (event, listener: (signal: NodeJS.Signals) => void) => {
    if (event === 'SIGTERM' && stop.isAsked) queueMicrotask(() => listener('SIGTERM'));
  });
}

function explainIdleEnd(): void {
  if (hasWorkers || stop.isAsked || process.exitCode) return;
  console.error(
    'No worker was found: export what createWorker() returns, or end the module with `await worker.run()`.',
  );
  process.exitCode = 1;
}

reportLoadedFiles((url) => process.send?.({ loaded: url }));
passOnToLateWorkers();
process.once('beforeExit', explainIdleEnd);
await Promise.all(process.argv.slice(2).map(runModule));
