import type { SupervisedProcess } from '@jobstream/servers';
import type { Stage } from '../stage/stage.ts';

/** The process of that name. */
export function appNamed({ apps }: Pick<Stage, 'apps'>, name: string): SupervisedProcess {
  const found = apps.find((app) => app.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** The names of all processes of a kind, such as `worker`. */
export function namesOfKind({ apps }: Pick<Stage, 'apps'>, kind: string): readonly string[] {
  return apps.map(({ name }) => name).filter((name) => name.startsWith(kind));
}
