import { cacheFolder } from './cacheFolder.ts';
import { goProgram } from './goProgram.ts';

/** Programs of others that check or show something of this project, at the versions that it was checked with. */
export const goTools = {
  nats: { source: 'github.com/nats-io/natscli/nats', version: '0.5.1' },
  actionlint: { source: 'github.com/rhysd/actionlint/cmd/actionlint', version: '1.7.12' },
  gofakes3: { source: 'github.com/johannesboyne/gofakes3/cmd/gofakes3', version: '1.2.0' },
  kustomize: { source: 'sigs.k8s.io/kustomize/kustomize/v5', version: '5.7.1' },
} as const;

export type GoTool = keyof typeof goTools;

/** Where the program is, or why it cannot be had here. */
export type ResolvedGoTool = { readonly binary: string } | { readonly missing: string };

/** The path of such a program, built once into the cache, which may take some minutes. Rejects when the build fails. */
export async function resolveGoTool(name: GoTool, env: NodeJS.ProcessEnv = process.env): Promise<ResolvedGoTool> {
  const { version } = goTools[name];
  const binary = await goProgram({ name, ...goTools[name] }, cacheFolder(env), env);
  return binary === undefined
    ? { missing: `${name} ${version} is built with Go, which is not installed here` }
    : { binary };
}
