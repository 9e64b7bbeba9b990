import { readCommandLine } from './src/command/readCommandLine.ts';
import { installPeers } from './src/installPeers.ts';

readCommandLine({
  command: 'npm run bench:install',
  summary: 'Installs the packages of the benchmarks, which have a lock file of their own.',
});
await installPeers();
