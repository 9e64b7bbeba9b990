import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';
import { packPackages } from '@jobstream/tools';
import { inScratchFolder } from '../inScratchFolder.ts';
import { type MachineToday, machineToday } from '../machine.ts';
import type { ComparedSystem } from './comparedSystem.ts';
import { type ImportTimes, measureImports } from './measureImports.ts';
import { type NodeProgram, type ProgramRun, runPrograms } from './runPrograms.ts';
import { serveSystem } from './serveSystem.ts';
import { compilerErrors, createUserProject, type Footprint, type UserProject } from './userProject.ts';

/** What was seen of one system. */
export interface SystemResults {
  readonly footprint: Footprint;
  readonly imports: ImportTimes;
  /** One for each Node version; none where the servers could not be had. */
  readonly runs: readonly ProgramRun[];
}

export interface ComparisonResults extends MachineToday {
  /** Of the Node in which imports were measured. */
  readonly node: string;
  readonly rounds: number;
  readonly systems: Readonly<Record<string, SystemResults>>;
}

/** An older Node that the worker supports; the newer one is that of this process. */
const OLDER_NODE = '22.23.3';

/** Installs, compiles and runs the programs of all systems, and measures what they cost to install and to import. */
export function compareSystems(
  systems: readonly ComparedSystem[],
  { rounds, say }: { readonly rounds: number; readonly say: (line: string) => void },
): Promise<ComparisonResults> {
  return inScratchFolder(async (folder) => {
    const nodes = [await olderNode(), { version: process.versions.node, binary: process.execPath }];
    const packed = await packPackages();
    const tarballs = Object.fromEntries(packed.map(({ definition, tarball }) => [definition.name, tarball]));
    const projects: UserProject[] = [];
    for (const system of systems) projects.push(await createUserProject(system, folder, tarballs));
    const results: Record<string, SystemResults> = {};
    const imports = await measureImports(
      projects,
      { version: process.versions.node, binary: process.execPath },
      rounds,
    );
    for (const project of projects) {
      const { id } = project.system;
      const runs = await runOnEach(nodes, project, path.join(folder, `${id}-servers`));
      results[id] = { footprint: project.footprint, imports: imports.get(id) as ImportTimes, runs };
      say(`${id}: ${JSON.stringify(results[id])}`);
    }
    return { ...machineToday(), rounds, systems: results };
  });
}

async function runOnEach(nodes: readonly NodeProgram[], project: UserProject, folder: string): Promise<ProgramRun[]> {
  const errors = await compilerErrors(project, project.system.files);
  if (errors !== '') throw new Error(`the programs of ${project.system.name} do not compile: ${errors}`);
  const runs: ProgramRun[] = [];
  for (const node of nodes) {
    const servers = await serveSystem(project.system.id, path.join(folder, node.version));
    if (servers === undefined) continue;
    try {
      runs.push(await runPrograms(project, servers, node));
    } finally {
      await servers.stop();
    }
  }
  return runs;
}

/** Installs Node from its npm package into the folder for such things, unless it is there. */
async function olderNode(): Promise<NodeProgram> {
  const folder = path.join(repositoryRoot, '.data/packages', `node-${OLDER_NODE}`);
  const name = `node-linux-${process.arch}`;
  const binary = path.join(folder, 'node_modules', name, 'bin/node');
  const version = await runCommand(binary, ['--version']).catch(() => undefined);
  if (version === undefined) {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'package.json'), '{ "private": true }');
    const args = [
      'install',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      '--prefer-offline',
      `${name}@${OLDER_NODE}`,
    ];
    await runCommand('npm', args, { cwd: folder, timeoutMs: 300_000 });
  }
  return { version: OLDER_NODE, binary };
}
