import { compareVersions, parseVersion } from '@jobstream/servers';
import { nodeFloors, spokenFloor } from '../release/nodeFloors.ts';
import type { Finding } from './examination.ts';

/** The sources run on the Node of a clone, the bundles on that of the published package. */
const FLOOR = import.meta.filename.endsWith('.ts') ? nodeFloors.clone : nodeFloors['@jobstream/server'];

/** Whether this Node runs the programs of the system. */
export function checkNode(version = process.versions.node, floor: string = FLOOR): readonly Finding[] {
  const [present, needed] = [version, floor].map((text) => parseVersion(text));
  if (present === undefined || needed === undefined || compareVersions(present, needed) >= 0) return [];
  const wrong = `This is Node ${version}, and ${spokenFloor(floor)} or newer is needed.`;
  return [{ wrong, remedy: 'Install a newer one.' }];
}
