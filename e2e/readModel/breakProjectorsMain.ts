/**
 * Two projectors under load, each killed or frozen at random: `node e2e/readModel/breakProjectorsMain.ts [minutes] [seed]`, ten minutes unless
 * told. At the end the table is compared with the log; the exit code tells. The seed repeats the choice of faults.
 */
import { guardOfThisProcess } from '@jobstream/test-support';
import { breakProjectors } from './breakProjectors.ts';

const CALM_MS = 8_000;
const MINUTE_MS = 60_000;

const [minutes = '10', seed = String(Date.now())] = process.argv.slice(2);
console.log(`${minutes} minutes, seed ${seed}`);
const report = await breakProjectors({ seed, durationMs: Number(minutes) * MINUTE_MS, calmMs: CALM_MS });
const { events, kills, freezes, looks, verified, faults } = report;
console.log(`${events} events; ${kills} kills and ${freezes} freezes; the checkpoint was looked at ${looks} times`);
console.log(verified);
for (const fault of faults) console.log(`FAULT ${fault}`);
await guardOfThisProcess().stop();
process.exit(faults.length === 0 ? 0 : 1);
