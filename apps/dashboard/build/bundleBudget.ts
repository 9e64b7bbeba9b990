import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

type Chunks = ReadonlyMap<string, Rolldown.OutputChunk>;

/**
 * Fails a build whose first view needs more than `maxBytes` of gzipped JavaScript: what the page starts with, together
 * with any one part that is loaded later, since every view may be the first.
 */
export function bundleBudget(maxBytes: number): Plugin {
  return {
    name: 'bundle-budget',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = new Map(
        Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one]] : [])),
      );
      for (const view of firstViews(chunks)) {
        if (view.bytes > maxBytes) this.error(excess(view, maxBytes));
        this.info(`${view.name}: ${kilobytes(view.bytes)} of gzipped JavaScript`);
      }
    },
  };
}

interface FirstView {
  /** The source of the view, or of the start of the page. */
  readonly name: string;
  readonly bytes: number;
  readonly files: readonly string[];
}

function firstViews(chunks: Chunks): readonly FirstView[] {
  const start = [...chunks.values()].filter(({ isEntry }) => isEntry);
  const lazy = [...chunks.values()].filter(({ isDynamicEntry, isEntry }) => isDynamicEntry && !isEntry);
  return [[], ...lazy.map((chunk) => [chunk])].map((parts) => {
    const needed = withImports([...start, ...parts], chunks);
    const bytes = needed.reduce((sum, { code }) => sum + gzipSync(code).length, 0);
    return { name: parts[0]?.name ?? 'the start of the page', bytes, files: needed.map(({ fileName }) => fileName) };
  });
}

/** The chunks, and all that they import before they run. */
function withImports(chunks: readonly Rolldown.OutputChunk[], all: Chunks): readonly Rolldown.OutputChunk[] {
  const needed = new Set(chunks);
  // What is added to a set while it is iterated is visited too.
  for (const { imports } of needed) {
    for (const name of imports) {
      const imported = all.get(name);
      if (imported !== undefined) needed.add(imported);
    }
  }
  return [...needed];
}

function excess({ name, bytes, files }: FirstView, maxBytes: number): string {
  return (
    `${name} as the first view needs ${kilobytes(bytes)} of gzipped JavaScript (${files.join(', ')}), ` +
    `at most ${kilobytes(maxBytes)} are allowed: load a part of it later, by its route`
  );
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}
