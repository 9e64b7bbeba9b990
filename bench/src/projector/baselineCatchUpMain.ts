/**
 * Keeps a table up to date with a log by the bare parts: `node bench/src/projector/baselineCatchUpMain.ts <url of NATS> <url of the
 * database> <last sequence>`. Prints how many seconds it took.
 */
import { baselineCatchUp } from './baselineCatchUp.ts';

const [natsUrl = '', databaseUrl = '', end = '0'] = process.argv.slice(2);
const started = performance.now();
await baselineCatchUp(natsUrl, databaseUrl, Number(end));
console.log((performance.now() - started) / 1_000);
