import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they came, CRLF between lines. */
  readonly source: string;
}

/** A mail server that keeps the mail it receives, and replies to commands as the test says. */
export interface SmtpServer extends AsyncDisposable {
  readonly url: string;
  readonly mails: readonly ReceivedMail[];
}

/** The reply to a command line (`MAIL FROM:<a@b>`, `.` at the end of the data), or undefined for the usual one. */
export type SmtpReplies = (command: string) => string | undefined;

/** Starts a mail server on a free loopback port. */
export async function startSmtpServer(replies: SmtpReplies = () => undefined): Promise<SmtpServer> {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    converse(socket, replies, (mail) => mails.push(mail));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Session {
  from: string;
  to: string[];
  /** The lines of the message so far, while it is being sent. */
  data: string[] | undefined;
}

function converse(socket: Socket, replies: SmtpReplies, deliver: (mail: ReceivedMail) => void): void {
  const session: Session = { from: '', to: [], data: undefined };
  let rest = '';
  socket.write('220 test\r\n');
  socket.on('data', (chunk) => {
    const lines = (rest + chunk.toString()).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (session.data !== undefined && line !== '.') session.data.push(line);
      else socket.write(`${replies(line) ?? take(line, session, deliver)}\r\n`);
    }
  });
}

function take(line: string, session: Session, deliver: (mail: ReceivedMail) => void): string {
  const address = /<(.*)>/.exec(line)?.[1] ?? '';
  if (/^MAIL/i.test(line)) Object.assign(session, { from: address, to: [], data: undefined });
  if (/^RCPT/i.test(line)) session.to.push(address);
  if (/^DATA/i.test(line)) {
    session.data = [];
    return '354 go on';
  }
  if (line === '.') {
    deliver({ from: session.from, to: session.to, source: (session.data ?? []).join('\r\n') });
    session.data = undefined;
    return '250 kept';
  }
  return '250 fine';
}
