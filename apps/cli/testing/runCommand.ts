import { Readable } from 'node:stream';
import type { Surroundings } from '../src/command/surroundings.ts';
import { runCommandLine } from '../src/program.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type CommandSettings = Partial<Pick<Surroundings, 'env' | 'folder' | 'signal'>> & {
  /** What the command reads from its standard input. */
  readonly input?: string;
  /** Makes standard input and standard error a terminal. */
  readonly terminal?: boolean;
  /** Makes standard output a terminal of this width. */
  readonly columns?: number;
  /** Called with each text that is written to standard output. */
  readonly onOutput?: (text: string) => void;
  /** Called with each text that is written to standard error. */
  readonly onNote?: (text: string) => void;
};

/** Returns what writes a text to a stream of a command: `texts` has all of them. */
function writer(texts: string[], onText?: (text: string) => void): (text: string) => boolean {
  return (text) => {
    onText?.(text);
    return texts.push(text) > 0;
  };
}

/** Runs a command line as the program does, and returns what it wrote. */
export async function runCommand(args: readonly string[], settings: CommandSettings = {}): Promise<CommandResult> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const {
    input = '',
    terminal = false,
    columns,
    env = {},
    folder = '/',
    signal = new AbortController().signal,
    onOutput,
    onNote,
  } = settings;
  const code = await runCommandLine(args, {
    env,
    folder,
    home: '/nonexistent',
    version: '1.2.3',
    signal,
    stdin: Object.assign(Readable.from([input]), { isTTY: terminal }),
    stdout: { write: writer(stdout, onOutput), columns, isTTY: columns !== undefined },
    stderr: { write: writer(stderr, onNote), isTTY: terminal },
  });
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}
