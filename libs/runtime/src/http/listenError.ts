export interface FailedListening {
  readonly host: string;
  readonly port: number;
  /** The setting that holds the port. */
  readonly setting: string;
  readonly cause: unknown;
}

/** Thrown when a server of this process cannot listen on its host and port. */
export class ListenError extends Error {
  readonly code = 'LISTEN_FAILED';

  constructor({ host, port, setting, cause }: FailedListening) {
    const { code = '', message = String(cause) } = cause as { code?: string; message?: string };
    super(`cannot listen on ${host} port ${port}: ${reasons(setting)[code] ?? message}`, { cause });
    this.name = 'ListenError';
  }
}

function reasons(setting: string): Readonly<Record<string, string>> {
  return {
    EADDRINUSE: `another program listens there; stop it or set ${setting}`,
    EACCES: `this account may not use that port; set ${setting} to 1024 or more`,
    EADDRNOTAVAIL: 'this machine does not have that address; set HOST',
    ENOTFOUND: 'that name has no address; set HOST',
  };
}
