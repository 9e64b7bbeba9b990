/** The names of the environment variables that a manifest sets, wherever its containers are. */
export function settingsIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(settingsIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => (key === 'env' ? namesOf(value) : settingsIn(value)));
}

function namesOf(variables: unknown): readonly string[] {
  return Array.isArray(variables) ? variables.map((variable: { name: string }) => variable.name) : [];
}
