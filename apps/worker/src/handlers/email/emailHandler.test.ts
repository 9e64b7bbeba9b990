import { Writable } from 'node:stream';
import { createLogger } from '@jobstream/runtime';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { InvalidPayloadError, UnrecoverableError } from '../../handler/handlerErrors.ts';
import { startSmtpServer } from '../../../testing/startSmtpServer.ts';
import type { SmtpAnswers } from '../../../testing/startSmtpServer.ts';
import { testContext, testJob } from '../../../testing/testContext.ts';
import { createMailer } from './mailer.ts';
import { emailHandler } from './emailHandler.ts';

const silent = createLogger({ service: 'test', level: 'silent' });

async function send(payload: unknown, answers?: SmtpAnswers) {
  await using server = await startSmtpServer(answers);
  const mailer = createMailer(server.url, silent);
  try {
    const handler = emailHandler({ mailer, from: 'Shop <shop@example.org>' });
    const result = await handler.run(payload, testContext());
    return { result, mail: server.mails[0] };
  } finally {
    await mailer.stop();
  }
}

async function failureOf(payload: unknown, answers?: SmtpAnswers): Promise<unknown> {
  return send(payload, answers).then(
    () => expect.fail('succeeded'),
    (error: unknown) => error,
  );
}

const answerTo =
  (start: string, answer: string): SmtpAnswers =>
  (command) =>
    command.startsWith(start) ? answer : undefined;

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

  test('everything that the payload says is in the message', async () => {
    const { mail } = await send({
      to: ['a@example.com', 'Bea <b@example.com>'],
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

  test('a recipient whom the server refuses is in the result when others were accepted', async () => {
    const { result } = await send({ to: ['good@example.com', 'bad@example.com'] }, (command) =>
      command.includes('bad@') ? '550 no such user' : undefined,
    );
    expect(result).toMatchObject({ accepted: ['good@example.com'], rejected: ['bad@example.com'] });
  });

  test.each([
    ['the only recipient', 'RCPT', '550 5.1.1 no such user', 'SMTP_550'],
    ['the sender', 'MAIL', '553 not you', 'SMTP_553'],
    ['the message', '.', '554 spam', 'SMTP_554'],
  ])('a server that refuses %s for good makes the job fail at once', async (_name, command, answer, code) => {
    const error = await failureOf({ to: 'user@example.com' }, answerTo(command, answer));
    expect(error).toBeInstanceOf(UnrecoverableError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(answer) });
  });

  test.each([
    ['the recipient', 'RCPT', '450 greylisted'],
    ['the sender', 'MAIL', '451 try later'],
    ['the message', '.', '452 full'],
  ])('a server that refuses %s for now leads to a retry', async (_name, command, answer) => {
    const error = await failureOf({ to: 'user@example.com' }, answerTo(command, answer));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(UnrecoverableError);
    expect((error as Error).message).toContain(answer);
  });

  test('a server that is not there leads to a retry', async () => {
    const mailer = createMailer('smtp://127.0.0.1:1', silent);
    const sending = emailHandler({ mailer, from: 'a@b' }).run({ to: 'user@example.com' }, testContext());
    const error = await sending.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    expect(error).not.toBeInstanceOf(UnrecoverableError);
    await mailer.stop();
  });

  test('a login that the server refuses leads to a retry: it is not the fault of the message', async () => {
    await using server = await startSmtpServer((command) => {
      if (command.startsWith('EHLO')) return '250-test\r\n250 AUTH PLAIN';
      return command.startsWith('AUTH') ? '535 wrong password' : undefined;
    });
    const mailer = createMailer(server.url.replace('//', '//user:secret@'), silent);
    const sending = emailHandler({ mailer, from: 'a@b' }).run({ to: 'user@example.com' }, testContext());
    const error = await sending.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'EAUTH', message: expect.not.stringContaining('secret') });
    expect(error).not.toBeInstanceOf(UnrecoverableError);
    await mailer.stop();
  });

  test('sending ends when the attempt is aborted', async () => {
    const controller = new AbortController();
    await using server = await startSmtpServer((command) => {
      if (command !== '.') return undefined;
      controller.abort();
      return '';
    });
    const mailer = createMailer(server.url, silent);
    const ctx = testContext({ signal: controller.signal });
    await expect(emailHandler({ mailer, from: 'a@b' }).run({ to: 'u@example.com' }, ctx)).rejects.toThrow(/abort/i);
    await mailer.stop();
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
    ['with a file for its text', { to: 'a@b', text: { path: '/etc/passwd' } }, 'payload.text'],
  ])('%s', async (_name, payload, path) => {
    const error = await failureOf(payload);
    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect((error as InvalidPayloadError).problems[0]).toContain(path);
  });
});
