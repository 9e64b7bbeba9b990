/** How a command ended, for scripts; docs/cli.md lists them for users. */
export const ExitCode = {
  ok: 0,
  /** The thing asked about is not so: a job failed or was cancelled, something differs. */
  negative: 1,
  /** It could not be done, or is not known: the API is unreachable or refused, a wait was over too early. */
  failed: 2,
  /** The command line makes no sense; EX_USAGE of sysexits. */
  usage: 64,
  /** Ctrl-C, as shells say it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
