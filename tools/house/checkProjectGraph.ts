/** What `nx graph --file` writes, as far as it matters here. */
export interface ProjectGraph {
  readonly nodes: Readonly<Record<string, { readonly data: { readonly tags?: readonly string[] } }>>;
  readonly dependencies: Readonly<Record<string, readonly { readonly target: string }[]>>;
}

/**
 * What a package with this tag may depend on. The graph does not tell tests from the rest, so every package may depend
 * on the testing library here; the check of the imports is stricter.
 */
const MAY_DEPEND_ON: Readonly<Record<string, readonly string[]>> = {
  'type:app': ['type:lib', 'type:domain', 'type:testing'],
  'type:lib': ['type:domain', 'type:testing'],
  'type:domain': ['type:testing'],
  'type:testing': ['type:tools', 'type:domain'],
  'type:tools': ['type:lib', 'type:domain', 'type:testing'],
  'type:e2e': ['type:testing', 'type:tools', 'type:lib', 'type:domain'],
};

const FORBIDDEN: readonly (readonly [source: string, target: string])[] = [
  ['@jobstream/worker', '@jobstream/readmodel'],
];

/** Every dependency between packages that their tags forbid, each as one sentence. */
export function checkProjectGraph(graph: ProjectGraph): readonly string[] {
  const untagged = Object.keys(graph.nodes).filter((name) => MAY_DEPEND_ON[layerOf(graph, name)] === undefined);
  const edges = Object.entries(graph.dependencies).flatMap(([source, targets]) =>
    targets.filter(({ target }) => target in graph.nodes).map(({ target }) => [source, target] as const),
  );
  return [
    ...untagged.map((name) => `${name} needs one of the tags ${Object.keys(MAY_DEPEND_ON).join(', ')}`),
    ...edges.filter((edge) => isForbidden(graph, edge)).map(([source, target]) => `${source} depends on ${target}`),
  ];
}

function isForbidden(graph: ProjectGraph, [source, target]: readonly [string, string]): boolean {
  if (FORBIDDEN.some(([from, to]) => from === source && to === target)) return true;
  return MAY_DEPEND_ON[layerOf(graph, source)]?.includes(layerOf(graph, target)) !== true;
}

function layerOf(graph: ProjectGraph, name: string): string {
  const tags = graph.nodes[name]?.data.tags?.filter((tag) => tag.startsWith('type:')) ?? [];
  return tags.length === 1 ? String(tags[0]) : '';
}
