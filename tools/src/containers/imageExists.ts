import { dockerCommand } from './dockerCommand.ts';

/** How images are pulled and built. */
export interface ImageOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly note: (line: string) => void;
}

/** Whether the engine has the image already. */
export function imageExists(name: string, { env }: Pick<ImageOptions, 'env'>): Promise<boolean> {
  return dockerCommand(['image', 'inspect', '--format', '{{.Id}}', name], env).then(Boolean, () => false);
}
