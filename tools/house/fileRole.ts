/** Whether the file serves tests and measurements only: it may use what the product must not. */
export function isTestFile(file: string): boolean {
  return /\.test\.ts$|^[^/]+\/[^/]+\/testing\/|^libs\/testing\/|^e2e\/|(^|\/)bench\//.test(file);
}

/** The folder of the package that a file belongs to: `apps/api`, `libs/domain`, `tools`. */
export function packageFolder(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'apps' || first === 'libs' ? `${first}/${second}` : first;
}
