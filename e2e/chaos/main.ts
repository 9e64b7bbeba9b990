/** The fault suite: `npm run test:chaos`. See docs/durability.md and docs/development.md. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { guardOfThisProcess } from '@jobstream/testing';
import { chaosOptions } from './chaosOptions.ts';
import type { ChaosOptions } from './chaosOptions.ts';
import { runWithOwnMounts } from './ownMounts.ts';
import { runPowerScenario } from './power/powerScenario.ts';
import { passed, reportLines } from './reportLines.ts';
import { runScenario } from './scenario.ts';
import { scenariosOf } from './scenariosOf.ts';
import { repositoryRoot } from '@jobstream/servers';

async function main(): Promise<boolean> {
  const options = chaosOptions(process.env);
  console.log(`seed ${options.seed} (CHAOS_SEED=${options.seed} runs the same jobs and faults again)`);
  const folder = path.join(repositoryRoot, '.data', 'chaos', options.seed);
  // What an earlier run with this seed left there would be taken for the work of this one.
  await rm(folder, { recursive: true, force: true });
  let good = true;
  for (const scenario of scenariosOf(options, folder, say)) {
    console.log(`\n== ${scenario.name}: at least ${scenario.jobs} jobs, ${scenario.faults} faults`);
    const report = await runScenario(scenario);
    console.log(`\n${reportLines(report).join('\n')}`);
    good &&= passed(report);
  }
  if (options.scenarios.includes('power')) {
    console.log('\n== power: what a power cut leaves of acknowledged events');
    good = (await runPowerScenario({ folder: path.join(folder, 'power'), mounts: options.mounts, say })) && good;
  }
  await conclude(good, folder, options);
  return good;
}

function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

async function conclude(good: boolean, folder: string, { seed, keep }: ChaosOptions): Promise<void> {
  if (good && !keep) await rm(folder, { recursive: true, force: true });
  else console.log(`\nlogs and evidence: ${folder}`);
  console.log(`\n${good ? 'PASSED' : 'FAILED'} with seed ${seed}`);
}

const code = await runWithOwnMounts(process.env);
if (code !== undefined) process.exit(code);
const good = await main();
await guardOfThisProcess().stop();
process.exit(good ? 0 : 1);
