import { readCommandLine } from './src/command/readCommandLine.ts';
import { runBench } from './src/command/runBench.ts';
import { GATE_CHECKS } from './src/gate/gateChecks.ts';
import { acceptRatios, runGate } from './src/gate/runGate.ts';

const { values } = readCommandLine({
  command: 'npm run bench:gate',
  summary:
    'Checks that the hot paths cost what they did, as multiples of bare parts measured beside them. Fails when one is worse\n' +
    'than its reference in bench/gate.json by more than a quarter, three times in a row. Needs none of the peers.',
  options: {
    check: {
      type: 'string',
      multiple: true,
      value: 'id',
      known: GATE_CHECKS.map(({ id }) => id),
      help: 'Runs only this check.',
    },
    accept: { type: 'boolean', default: false, help: 'Makes what is measured now the reference.' },
  },
});
const chosen = GATE_CHECKS.filter(({ id }) => values.check?.includes(id) ?? true);
await runBench(() => (values.accept ? acceptRatios(GATE_CHECKS) : runGate(chosen)));
