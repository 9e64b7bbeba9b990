/** The conformance kit: `npm run conformance -- --cmd "<start a worker>"`. See docs/worker-protocol.md. */
import { parseArgs } from 'node:util';
import { guardOfThisProcess } from '@jobstream/testing';
import { reportLines } from './reportLines.ts';
import { runScenarios } from './runScenarios.ts';
import { scenarioList } from './scenarioList.ts';

const { values } = parseArgs({ options: { cmd: { type: 'string' }, scenario: { type: 'string', multiple: true } } });
const tally = { passed: 0, failed: 0 };
const chosen = scenarioList.filter(({ name }) => values.scenario?.includes(name) ?? true);
await runScenarios(chosen, values.cmd ?? '', (verdict) => {
  tally[verdict.complaints.length === 0 ? 'passed' : 'failed'] += 1;
  console.log(reportLines(verdict).join('\n'));
});
console.log(`${tally.passed} passed, ${tally.failed} failed`);
await guardOfThisProcess().stop();
process.exit(tally.failed === 0 ? 0 : 1);
