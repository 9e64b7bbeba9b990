import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ProjectGraph } from './checkProjectGraph.ts';

const run = promisify(execFile);

/** The packages of the workspace at `root` and their dependencies, as Nx sees them. */
export async function readProjectGraph(root: string): Promise<ProjectGraph> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-graph-'));
  const file = path.join(folder, 'graph.json');
  try {
    const nx = path.join(root, 'node_modules', '.bin', 'nx');
    const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };
    await run(process.execPath, [nx, 'graph', `--file=${file}`], { cwd: root, env });
    const { graph } = JSON.parse(await readFile(file, 'utf8')) as { graph: ProjectGraph };
    return graph;
  } finally {
    await rm(folder, { recursive: true });
  }
}
