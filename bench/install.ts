/** Installs the packages of the benchmarks, which have a lock file of their own: `npm run bench:install`. */
import { installPeers } from './src/installPeers.ts';

await installPeers();
