import path from 'node:path';
import { repositoryRoot, Guard } from '@jobstream/servers';
import { onBootstrapGone } from './src/commandLine/onBootstrapGone.ts';
import { prefixedLog } from './src/system/prefixedLog.ts';
import { readyMessage } from './src/system/readyMessage.ts';
import { stopRequest } from './src/commandLine/stopRequest.ts';
import { System } from './src/system/system.ts';

async function main(): Promise<void> {
  const guard = new Guard();
  guard.start();
  const writeLine = prefixedLog({
    write: (text) => process.stdout.write(text),
    colours: process.stdout.isTTY,
    json: process.env['LOG_FORMAT'] === 'json',
  });
  const dataDir = path.resolve(repositoryRoot, process.env['DATA_DIR'] || '.data');
  const appsFolder = path.join(repositoryRoot, 'apps');
  const system = new System({ dataDir, env: process.env, appsFolder, guard, writeLine });
  // The guard ends at once what we leave behind.
  const stop = stopRequest(() => process.exit(130));
  process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM')); // whoever read our lines is gone
  onBootstrapGone(() => process.kill(process.pid, 'SIGTERM'));
  try {
    await Promise.race([system.start().then(() => readyMessage(system, writeLine)), stop]);
    await stop;
    writeLine('start', 'stopping');
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  await system.stop();
  await guard.stop();
  process.exit();
}

await main();
