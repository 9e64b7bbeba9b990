import { readCommandLine } from '@jobstream/runtime';
import { reportFailure } from './src/commandLine/runTool.ts';
import { describePackage } from './src/release/describePackage.ts';
import { checkPackage, packPackages, type CheckedPackage } from './src/release/preparePackages.ts';
import { publishPackages } from './src/release/publishPackages.ts';
import { publishedPackages } from './src/release/publishedPackages.ts';

const { values } = readCommandLine({
  command: 'npm run release',
  summary:
    'Builds the npm packages into .data/packages, packs and checks them, and publishes them with provenance.\n' +
    'Their version is that of package.json. Only the workflow `release` publishes; elsewhere use --dry-run.',
  options: {
    'dry-run': { type: 'boolean', default: false, help: 'Publishes nothing.' },
  },
  notes: [`Packages: ${publishedPackages.map(({ name }) => name).join(', ')}.`],
});

try {
  const packed = await packPackages();
  const checked: CheckedPackage[] = [];
  for (const one of packed) {
    const result = await checkPackage(one, packed);
    checked.push(result);
    console.log(describePackage(result).join('\n'));
  }
  const broken = checked.filter(({ problems }) => problems.length > 0).map(({ definition }) => definition.name);
  if (broken.length > 0) throw new Error(`Nothing was published: there are problems with ${broken.join(', ')}.`);
  if (values['dry-run']) console.log('Nothing was published: this is a dry run.');
  else await publishPackages(checked, { env: process.env, note: (line) => console.log(line) });
} catch (error) {
  reportFailure(error);
}
