import path from 'node:path';
import type { Rolldown } from 'tsdown';

const RELATIVE_URL = /new URL\(\s*'(\.{1,2}\/[\w./-]+)\.ts',\s*import\.meta\.url\s*,?\s*\)/g;

/**
 * A plugin that builds files which code starts by their address, such as those of worker threads: for each
 * `new URL('./name.ts', import.meta.url)` it adds `name.js` beside the bundle and changes the address.
 */
export function separateEntries(): Rolldown.Plugin {
  return {
    name: 'separate-entries',
    transform: {
      filter: { id: /\.ts$/, code: 'import.meta.url' },
      handler(code, id) {
        if (id.endsWith('.d.ts')) return undefined;
        return code.replaceAll(RELATIVE_URL, (_all, source: string) => {
          const name = path.basename(source);
          this.emitFile({ type: 'chunk', id: path.resolve(path.dirname(id), `${source}.ts`), fileName: `${name}.js` });
          return `new URL('./${name}.js', import.meta.url)`;
        });
      },
    },
  };
}
