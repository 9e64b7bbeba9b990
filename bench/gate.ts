import { readCommandLine } from '@jobstream/runtime';
import { guardOfThisProcess } from '@jobstream/test-support';
import { GATE_CHECKS } from './src/gate/gateChecks.ts';
import { acceptRatios, runGate } from './src/gate/runGate.ts';

const { values } = readCommandLine({
  command: 'npm run bench:gate',
  summary:
    'Checks that the hot paths cost what they did, as multiples of bare parts measured beside them. Fails when one is worse\n' +
    'than its reference in bench/gate.json by more than a quarter, three times in a row. Needs none of the peers.',
  options: {
    check: { type: 'string', multiple: true, value: 'id', help: 'Runs only this check.' },
    accept: { type: 'boolean', default: false, help: 'Makes what is measured now the reference.' },
  },
});
const wanted = values.check ?? [];
const unknown = wanted.filter((name) => GATE_CHECKS.every(({ id }) => id !== name));
if (unknown.length > 0) throw new Error(`there is no check ${unknown.join(', ')}`);
const chosen = GATE_CHECKS.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
let passed = true;
if (values.accept) await acceptRatios(GATE_CHECKS);
else passed = await runGate(chosen);
await guardOfThisProcess().stop();
process.exit(passed ? 0 : 1);
