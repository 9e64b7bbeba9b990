import path from 'node:path';
import { isTestFile, packageFolder } from './fileRole.ts';
import type { SourceFile } from './workspace.ts';

const MAIN_LINES = 50;
const SAYS_NOTHING = /^(utils?|common|shared|helpers?|types|lib|misc)$/i;
const CAMEL_CASE = /^[a-z][A-Za-z0-9]*$/;
const READS_ENVIRONMENT =
  /\bprocess\s*\.\s*env\b|\bprocess\[|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b|import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'node:process'/;
const MAY_READ_ENVIRONMENT = /^(libs\/runtime\/src\/config\.ts$|tools\/|e2e\/|bench\/)/;
const REEXPORT = /^export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'[^']+';?\s*$/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

const RULES = [staysShort, saysWhatItHolds, isNamedAfterItsExport, leavesTheEnvironment, isNoBarrel];

/** Every file that breaks a house rule which the linter does not know, each as one sentence. */
export function checkFiles(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    RULES.flatMap((rule) => {
      const complaint = rule(file);
      return complaint === undefined ? [] : [`${file.path}: ${complaint}`];
    }),
  );
}

function staysShort({ path: file, text }: SourceFile): string | undefined {
  const lines = text.trimEnd().split('\n').length;
  if (path.basename(file) !== 'main.ts' || lines <= MAIN_LINES) return undefined;
  return `${lines} lines, but a main.ts only connects the parts, in at most ${MAIN_LINES}`;
}

function saysWhatItHolds({ path: file }: SourceFile): string | undefined {
  const within = file.slice(packageFolder(file).length + 1).split('/');
  const empty = within.map((part) => part.split('.')[0] ?? '').find((name) => SAYS_NOTHING.test(name));
  return empty === undefined ? undefined : `the name ${empty} does not say what is in there`;
}

function isNamedAfterItsExport({ path: file }: SourceFile): string | undefined {
  const name = path.basename(file).replace(/(\.[a-z]\w*)?(\.test|\.config)?\.[cm]?[tj]s$/, '');
  return CAMEL_CASE.test(name) ? undefined : 'a file is named in camelCase, after what it exports';
}

function leavesTheEnvironment({ path: file, text }: SourceFile): string | undefined {
  if (MAY_READ_ENVIRONMENT.test(file) || isTestFile(file)) return undefined;
  return READS_ENVIRONMENT.test(text.replaceAll(COMMENT, ''))
    ? 'only config.ts of libs/runtime reads the environment'
    : undefined;
}

function isNoBarrel({ path: file, text }: SourceFile): string | undefined {
  const isIndex = file === `${packageFolder(file)}/src/index.ts`;
  if (path.basename(file) === 'index.ts' && !isIndex) return 'the only index.ts of a package is src/index.ts';
  if (isIndex) return /^export\s+\*/m.test(text) ? 'an index lists what it exports' : undefined;
  const code = text.replaceAll(COMMENT, '');
  const isBarrel = REEXPORT.test(code) && code.replaceAll(REEXPORT, '').trim() === '';
  REEXPORT.lastIndex = 0;
  return isBarrel ? 'a file that only exports what others hold is a barrel' : undefined;
}
