const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it or set PORT',
  EACCES: 'this account may not use that port; set PORT to 1024 or more',
  EADDRNOTAVAIL: 'this machine does not have that address; set HOST',
  ENOTFOUND: 'that name has no address; set HOST',
};

/** The HTTP server cannot listen where it should. */
export class ListenError extends Error {
  readonly code = 'LISTEN_FAILED';

  constructor(host: string, port: number, cause: unknown) {
    const { code = '', message = String(cause) } = cause as { code?: string; message?: string };
    super(`cannot listen on ${host} port ${port}: ${reasons[code] ?? message}`, { cause });
    this.name = 'ListenError';
  }
}
