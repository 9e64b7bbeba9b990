/**
 * Keeps a table up to date with a log by the bare parts: `node bench/src/projector/bareCatchUpMain.ts <url of NATS> <url of the
 * database> <last sequence>`. Prints how many seconds it took.
 */
import { bareCatchUp } from './bareCatchUp.ts';

const [natsUrl = '', databaseUrl = '', end = '0'] = process.argv.slice(2);
const started = performance.now();
await bareCatchUp(natsUrl, databaseUrl, Number(end));
console.log((performance.now() - started) / 1_000);
