import { readCommandLine } from '@jobstream/runtime';
import { otherPostgresVersions } from '@jobstream/servers';
import { onBootstrapGone } from './src/commandLine/runTool.ts';
import { runTests } from './src/testRun/runTests.ts';

/** What runs in the databases of applications, which choose the version. */
const TESTS = [
  'libs/test-support/src/servers/startPostgres.test.ts',
  'libs/outbox',
  'apps/api/src/jobs/create/outboxParity.test.ts',
  'e2e/outbox/enqueueIn.test.ts',
];

const { words } = readCommandLine({
  command: 'npm run test:postgres',
  summary: `Runs the tests of the outbox on other versions of Postgres: ${otherPostgresVersions.join(', ')}. Downloads them once.`,
  words: '[<version>…]',
});

onBootstrapGone(() => process.exit(1));
const failed: string[] = [];
for (const version of words.length === 0 ? otherPostgresVersions : words) {
  console.log(`\n== Postgres ${version}`);
  process.env['TEST_POSTGRES'] = version;
  process.exitCode = 0; // of the version before
  if ((await runTests(TESTS)) > 0) failed.push(version);
}
console.log(failed.length === 0 ? '\nPASSED' : `\nFAILED on Postgres ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
