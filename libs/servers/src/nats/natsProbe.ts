import { connect } from 'node:net';

const timeoutMs = 2_000;

/** Speaks the first words of the NATS protocol: resolves when the server of that name answers a ping. */
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
    socket.setTimeout(timeoutMs, () => fail(new Error('no answer')));
    socket.once('data', () => socket.write('CONNECT {"verbose":false}\r\nPING\r\n'));
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      // -ERR: a server that asks for credentials answers too.
      if (!/^(PONG|-ERR)/m.test(received)) return;
      if (!received.includes(`"${serverName}"`)) return fail(new Error('another server holds the port'));
      socket.destroy();
      resolve();
    });
  });
}
