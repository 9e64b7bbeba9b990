import { connect } from 'node:net';

const timeoutMs = 2_000;

/**
 * Performs the NATS handshake and a ping without a client.
 *
 * @returns a promise that resolves when the server named `serverName` responds.
 * @throws Error if the connection fails, times out, or reaches another server.
 */
export function natsProbe(host: string, port: number, serverName: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    let received = '';
    socket.once('error', fail);
    socket.once('close', () => reject(new Error('closed')));
    socket.setTimeout(timeoutMs, () => fail(new Error('no response')));
    socket.once('data', () => socket.write('CONNECT {"verbose":false}\r\nPING\r\n'));
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      // A server that requires credentials responds with -ERR.
      if (!/^(PONG|-ERR)/m.test(received)) return;
      if (!received.includes(`"${serverName}"`)) return fail(new Error('another server holds the port'));
      socket.destroy();
      resolve();
    });
  });
}
