import { readCommandLine } from '@jobstream/runtime';
import { dataDirOf, dataDirOption, systemEnvironment } from './src/commandLine/dataDir.ts';
import { examine } from './src/doctor/examination.ts';
import { conclusionOf, runChecks, runsNothing, scopeOf } from './src/doctor/runChecks.ts';

const { values } = readCommandLine({
  command: 'npm run doctor',
  summary:
    'Says what is wrong with this machine, the settings, NATS, Postgres and the API, and what to do. Changes nothing.\n' +
    'Exit codes: 0 nothing is wrong, 1 something is, or nothing runs here.',
  options: { json: { type: 'boolean', help: 'Prints one JSON document.' }, ...dataDirOption },
  environment: { ...systemEnvironment, JOBSTREAM_URL: 'The API; default that of the system on the data folder.' },
  examples: ['', '--data-dir /var/lib/jobstream', '--json'],
});

const examination = examine(process.env, dataDirOf(values));
const findings = await runChecks(examination);
const scope = scopeOf(examination);
if (values.json) console.log(JSON.stringify({ findings, ...scope }));
else {
  for (const { wrong, remedy } of findings) console.log(`- ${wrong} ${remedy}`);
  const { dataDir } = examination;
  for (const line of conclusionOf(scope, { dataDir, wrong: findings.length })) console.log(line);
}
process.exitCode = findings.length === 0 && !runsNothing(scope) ? 0 : 1;
