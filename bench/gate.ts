/**
 * Whether the hot paths still cost what they did, as multiples of the baseline measured beside them: `npm run bench:gate
 * [-- --check <id>]… [--accept]`. Fails when one is worse than its reference in bench/gate.json by more than a quarter, three
 * times in a row. `--accept` makes what is measured now the reference. Needs none of the peers.
 */
import { parseArgs } from 'node:util';
import { guardOfThisProcess } from '@jobstream/testing';
import { GATE_CHECKS } from './src/gate/gateChecks.ts';
import { acceptRatios, runGate } from './src/gate/runGate.ts';

const { values } = parseArgs({
  options: { check: { type: 'string', multiple: true, default: [] }, accept: { type: 'boolean', default: false } },
});
const unknown = values.check.filter((wanted) => GATE_CHECKS.every(({ id }) => id !== wanted));
if (unknown.length > 0) throw new Error(`there is no check ${unknown.join(', ')}`);
const chosen = GATE_CHECKS.filter(({ id }) => values.check.length === 0 || values.check.includes(id));
let passed = true;
if (values.accept) await acceptRatios(GATE_CHECKS);
else passed = await runGate(chosen);
await guardOfThisProcess().stop();
process.exit(passed ? 0 : 1);
