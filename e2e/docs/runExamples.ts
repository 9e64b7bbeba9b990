import { runInShell } from '../harness/runInShell.ts';
import { unlikeAnswer } from './compareOutput.ts';
import type { Example } from './examplesOf.ts';

/** Says the status of each answer, and lets a feed that is still open after some seconds count as a success. */
const CURL = `
curl() {
  local code=0
  command curl --max-time "$patience" -w '%{stderr}\\nstatus %{http_code}\\n' "$@" || code=$?
  if [ $code = 28 ] && [ "$endless" = true ]; then return 0; else return $code; fi
}
exec 2>&1`;

const PATIENCE_S = 30;
const FEED_S = 3;

/** Runs examples one after the other in one shell, so that variables are carried on. Answers what is wrong with them. */
export async function runExamples(
  examples: readonly Example[],
  { env, signal }: { readonly env: Record<string, string>; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const shell = runInShell([CURL, ...examples.map(script)].join('\n'), { env, signal });
  const code = await shell.ended;
  const outputs = shell.output.split(/^@@\n/m).slice(1);
  const complaints = examples.slice(0, outputs.length).flatMap((example, index) => {
    const complaint = complaintAbout(example, outputs[index] ?? '');
    return complaint === undefined ? [] : [`${complaint}:\n${example.commands}\n${outputs[index]}`];
  });
  return code === 0 ? complaints : [...complaints, `ended with ${code}:\n${outputs.at(-1)}`];
}

function script({ commands, endless }: Example): string {
  return `echo; echo @@; endless=${endless}; patience=${endless ? FEED_S : PATIENCE_S}\n${commands}`;
}

function complaintAbout({ commands, refusedWith, answer }: Example, output: string): string | undefined {
  const statuses = [...output.matchAll(/^status (\d+)$/gm)].map(([, status]) => Number(status));
  if (statuses.length === 0 && commands.includes('curl')) return 'no answer came';
  const wrong = statuses.find((status) => (refusedWith === undefined ? status >= 400 : status !== refusedWith));
  if (wrong !== undefined) return `answered with ${wrong}`;
  const unlike = answer === undefined ? undefined : unlikeAnswer(answer, output);
  return unlike === undefined ? undefined : `the answer has no ${unlike}`;
}
