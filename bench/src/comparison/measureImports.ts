import { runCommand } from '@jobstream/servers';
import { spread } from '../measure/percentiles.ts';
import { importedPackages, programText } from './comparedSystem.ts';
import type { NodeProgram } from './runPrograms.ts';
import type { UserProject } from './userProject.ts';

/** What a new process needs to import something, in milliseconds: medians. */
export interface ImportTime {
  /** Of the clock. */
  readonly elapsed: number;
  /** Of the processor, in all threads: other work on the machine disturbs it less. */
  readonly cpu: number;
}

/** What the import statements of the programs of one system take. */
export interface ImportTimes {
  readonly worker: ImportTime;
  readonly producer: ImportTime;
  /** The worker's, with what its packages import when it connects. */
  readonly connectedWorker: ImportTime;
  /** The worker's, without the package that a user may replace. */
  readonly bareWorker: ImportTime;
}

/** Measures all projects in turn, round after round, so that what disturbs the machine disturbs all alike. */
export async function measureImports(
  projects: readonly UserProject[],
  { binary }: NodeProgram,
  rounds: number,
): Promise<ReadonlyMap<string, ImportTimes>> {
  const series = projects.flatMap((project) => {
    const worker = importsOf(project, 'worker.ts');
    const connectedWorker = [...worker, ...(project.system.importedLater ?? [])];
    const bareWorker = worker.filter((name) => name !== project.system.replaceable);
    const imports = { worker, connectedWorker, bareWorker, producer: importsOf(project, 'producer.ts') };
    return Object.entries(imports).map(([name, packages]) => ({
      project,
      name,
      packages,
      samples: [] as ImportTime[],
    }));
  });
  for (let round = 0; round <= rounds; round += 1) {
    for (const { project, packages, samples } of series) {
      const sample = await importOnce(packages, project.folder, binary);
      if (round > 0) samples.push(sample); // before, files are read from the disk
    }
  }
  const medianOf = (id: string, name: keyof ImportTimes) =>
    median(series.find((one) => one.project.system.id === id && one.name === name)?.samples ?? []);
  return new Map(
    projects.map(({ system: { id } }) => [
      id,
      {
        worker: medianOf(id, 'worker'),
        producer: medianOf(id, 'producer'),
        connectedWorker: medianOf(id, 'connectedWorker'),
        bareWorker: medianOf(id, 'bareWorker'),
      },
    ]),
  );
}

function median(samples: readonly ImportTime[]): ImportTime {
  return {
    elapsed: spread(samples.map(({ elapsed }) => elapsed)).median,
    cpu: spread(samples.map(({ cpu }) => cpu)).median,
  };
}

/** The packages that a program imports, also through the definition that it shares. */
function importsOf({ system }: UserProject, file: 'worker.ts' | 'producer.ts'): readonly string[] {
  const files = [file, ...system.files.filter((name) => name === 'thumbnail.ts')];
  return importedPackages(files.map((name) => programText(system, name)));
}

async function importOnce(packages: readonly string[], folder: string, node: string): Promise<ImportTime> {
  const imports = packages.map((name) => `await import(${JSON.stringify(name)});`).join(' ');
  const program = `const [begin, cpu] = [performance.now(), process.cpuUsage()]; ${imports}
    const elapsed = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpu);
    process.stdout.write(JSON.stringify({ elapsed, cpu: (user + system) / 1_000 }), () => process.exit());`;
  const args = ['--input-type=module', '--eval', program];
  const output = await runCommand(node, args, { cwd: folder, env: { PATH: process.env['PATH'] } });
  return JSON.parse(output) as ImportTime;
}
