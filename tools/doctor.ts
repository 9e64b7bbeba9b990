import { readCommandLine } from '@jobstream/runtime';
import { dataDirOf, dataDirOption, systemEnvironment } from './src/commandLine/dataDir.ts';
import { examine } from './src/doctor/examination.ts';
import { runChecks, scopeOf } from './src/doctor/runChecks.ts';

const { values } = readCommandLine({
  command: 'npm run doctor',
  summary:
    'Says what is wrong with this machine, the settings, NATS, Postgres and the API, and what to do. Changes nothing.\n' +
    'Exit codes: 0 nothing is wrong, 1 something is.',
  options: dataDirOption,
  environment: { ...systemEnvironment, JOBSTREAM_URL: 'The API; default that of the system on the data folder.' },
});

const examination = examine(process.env, dataDirOf(values));
const findings = await runChecks(examination);
for (const { wrong, remedy } of findings) console.log(`- ${wrong} ${remedy}`);
console.log(scopeOf(examination));
console.log(findings.length === 0 ? 'Nothing is wrong.' : `Wrong: ${findings.length}.`);
process.exitCode = findings.length === 0 ? 0 : 1;
