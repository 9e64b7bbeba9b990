import { Writable } from 'node:stream';
import { createLogger } from '@jobstream/runtime';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { InvalidPayloadError, UnrecoverableError } from '@jobstream/worker';
import { startSmtpServer } from '../../../testing/startSmtpServer.ts';
import type { SmtpReplies } from '../../../testing/startSmtpServer.ts';
import { testContext, testJob } from '@jobstream/worker/testing/testContext';
import { createMailer } from './mailer.ts';
import { emailHandler } from './emailHandler.ts';

const silent = createLogger({ service: 'test', level: 'silent' });

/** Runs the handler against the mail server at `url`. */
async function sendTo(url: string, payload: unknown, signal?: AbortSignal): Promise<unknown> {
  const mailer = createMailer(url, silent);
  const ctx = testContext(signal === undefined ? {} : { signal });
  try {
    return await emailHandler({ mailer, from: 'Shop <shop@example.org>' }).run(payload, ctx);
  } finally {
    await mailer.stop();
  }
}

async function send(payload: unknown, replies?: SmtpReplies) {
  await using server = await startSmtpServer(replies);
  const result = await sendTo(server.url, payload);
  return { result, mail: server.mails[0] };
}

const errorOf = (sending: Promise<unknown>): Promise<unknown> =>
  sending.then(
    () => expect.fail('succeeded'),
    (error: unknown) => error,
  );

const replyTo =
  (start: string, reply: string): SmtpReplies =>
  (command) =>
    command.startsWith(start) ? reply : undefined;

describe('over SMTP', () => {
  test('a recipient alone makes a message', async () => {
    const { result, mail } = await send({ to: 'user@example.com' });
    expect(result).toEqual({
      messageId: `<${testJob().id}@example.org>`,
      accepted: ['user@example.com'],
      rejected: [],
      response: '250 kept',
    });
    expect(mail).toMatchObject({ from: 'shop@example.org', to: ['user@example.com'] });
    expect(mail?.source).toContain(`Message-ID: <${testJob().id}@example.org>`);
    expect(mail?.source).toContain('Subject: (no subject)');
  });

  test('a message has every part of the payload', async () => {
    const { mail } = await send({
      to: ['a@example.com', '"Jones, Bea" <b@example.com>'],
      cc: 'c@example.com',
      bcc: 'd@example.com',
      from: 'me@example.net',
      replyTo: 'answers@example.net',
      subject: 'Grüße',
      text: 'plain words',
      html: '<b>bold words</b>',
    });
    expect(mail?.from).toBe('me@example.net');
    expect(mail?.to).toEqual(['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com']);
    expect(mail?.source).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(mail?.source).toContain('Reply-To: answers@example.net');
    expect(mail?.source).toContain('plain words');
    expect(mail?.source).toContain('<b>bold words</b>');
    expect(mail?.source).not.toContain('d@example.com');
  });

  test('a refused recipient is in the result when others were accepted', async () => {
    const { result } = await send({ to: ['good@example.com', 'bad@example.com'] }, (command) =>
      command.includes('bad@') ? '550 no such user' : undefined,
    );
    expect(result).toMatchObject({ accepted: ['good@example.com'], rejected: ['bad@example.com'] });
  });

  test.each([
    ['the only recipient', 'RCPT', '550 5.1.1 no such user', 'SMTP_550'],
    ['the sender', 'MAIL', '553 not you', 'SMTP_553'],
    ['the message', '.', '554 spam', 'SMTP_554'],
  ])('a server that refuses %s for good makes the job fail at once', async (_name, command, reply, code) => {
    const error = await errorOf(send({ to: 'user@example.com' }, replyTo(command, reply)));
    expect(error).toBeInstanceOf(UnrecoverableError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(reply) });
  });

  test.each([
    ['the recipient', 'RCPT', '450 greylisted'],
    ['the sender', 'MAIL', '451 try later'],
    ['the message', '.', '452 full'],
  ])('a server that refuses %s for now leads to a retry', async (_name, command, reply) => {
    const error = await errorOf(send({ to: 'user@example.com' }, replyTo(command, reply)));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(UnrecoverableError);
    expect((error as Error).message).toContain(reply);
  });

  test('a server that cannot be reached leads to a retry', async () => {
    const error = await errorOf(sendTo('smtp://127.0.0.1:1', { to: 'user@example.com' }));
    expect(error).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    expect(error).not.toBeInstanceOf(UnrecoverableError);
  });

  test('a login that the server refuses leads to a retry, since the message is not at fault', async () => {
    await using server = await startSmtpServer((command) => {
      if (command.startsWith('EHLO')) return '250-test\r\n250 AUTH PLAIN';
      return command.startsWith('AUTH') ? '535 wrong password' : undefined;
    });
    const error = await errorOf(sendTo(server.url.replace('//', '//user:secret@'), { to: 'user@example.com' }));
    expect(error).toMatchObject({ code: 'EAUTH', message: expect.not.stringContaining('secret') });
    expect(error).not.toBeInstanceOf(UnrecoverableError);
  });

  test('sending ends when the attempt is aborted', async () => {
    const controller = new AbortController();
    await using server = await startSmtpServer((command) => {
      if (command !== '.') return undefined;
      controller.abort();
      return '';
    });
    await expect(sendTo(server.url, { to: 'u@example.com' }, controller.signal)).rejects.toThrow(/abort/i);
  });
});

test('without SMTP_URL the message is logged', async () => {
  const lines: string[] = [];
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void lines.push(chunk.toString())) });
  const handler = emailHandler({ mailer: createMailer(undefined, pino(sink)), from: 'jobstream@localhost' });
  const result = await handler.run({ to: 'user@example.com', subject: 'Hello' }, testContext());
  expect(result).toMatchObject({ accepted: ['user@example.com'], response: 'logged, not sent' });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: { to: ['user@example.com'], subject: 'Hello' } });
});

describe('a payload is refused', () => {
  test.each([
    ['without a recipient', {}, 'payload.to'],
    ['with an empty list of recipients', { to: [] }, 'payload.to'],
    ['with a recipient that is no address', { to: 'nobody' }, 'payload.to'],
    ['with a second header in the recipient', { to: 'a@b\r\nBcc: c@d' }, 'payload.to'],
    ['with a second header in the subject', { to: 'a@b', subject: 'x\nBcc: c@d' }, 'payload.subject'],
    ['with a second header in the sender', { to: 'a@b', from: 'x@y\r\nBcc: c@d' }, 'payload.from'],
    ['with two addresses in one', { to: 'a@b, c@d' }, 'payload.to'],
    ['with an address and another name', { to: 'a@b.c, x' }, 'payload.to'],
    ['with a name and another address', { cc: 'x, a@b.c', to: 'a@b' }, 'payload.cc'],
    ['with an address that ends a list', { to: 'a@b.c,x;' }, 'payload.to'],
    ['with a named group of addresses', { to: 'friends: a@b.c;' }, 'payload.to'],
    ['with white space in the address', { to: 'a b@c.d' }, 'payload.to'],
    ['with an address and a word', { to: 'a@b.c x' }, 'payload.to'],
    ['with a file for its text', { to: 'a@b', text: { path: '/etc/passwd' } }, 'payload.text'],
  ])('%s', async (_name, payload, path) => {
    const error = await errorOf(send(payload));
    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect((error as InvalidPayloadError).problems[0]).toContain(path);
  });
});
