import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { askMaster } from '../../../src/proof/real-master/api.ts';
import { explainNoAnswer, masterHttp } from '../../../src/proof/real-master/http.ts';
import { explainScheme } from '../../../src/proof/real-master/scheme.ts';
import { freePort, httpServer, listening, tcpServer } from '../../support/proof/local-path.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', name), 'utf8');

const httpsServer = () =>
  listening(
    createTlsServer({ cert: fixture('localhost-cert.pem'), key: fixture('localhost-key.pem') }, (_, response) =>
      response.end('{}'),
    ),
  );

const ask = (url: string, timeoutMs = 2_000, signal = new AbortController().signal) =>
  masterHttp(new URL(url))('/info', { timeoutMs, signal });

describe('no answer', () => {
  test('nothing listens', async () => {
    await expect(ask(`http://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({
      id: 'proof.master-unreachable',
      message: expect.stringContaining('nothing listens there'),
    });
  });

  test('a certificate that nobody signed', async () => {
    await using server = await httpsServer();
    await expect(ask(`https://localhost:${server.port}`)).rejects.toMatchObject({
      id: 'proof.master-untrusted',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });

  test('https to a server that speaks http', async () => {
    await using server = await httpServer('{}');
    await expect(ask(`https://127.0.0.1:${server.port}`)).rejects.toMatchObject({
      id: 'proof.master-scheme',
      hint: `try http://127.0.0.1:${server.port}`,
    });
  });

  test('http to a server that speaks https', async () => {
    await using server = await httpsServer();
    await expect(ask(`http://127.0.0.1:${server.port}`)).rejects.toMatchObject({
      id: 'proof.master-scheme',
      hint: `is it TLS? try https://127.0.0.1:${server.port}`,
    });
  });

  test('something other than HTTP', async () => {
    await using server = await tcpServer((socket) => socket.end('SSH-2.0-none\r\n'));
    await expect(ask(`http://127.0.0.1:${server.port}`)).rejects.toMatchObject({ id: 'proof.master-scheme' });
  });

  test('silence', async () => {
    await using server = await tcpServer(() => undefined);
    await expect(ask(`http://127.0.0.1:${server.port}`, 500)).rejects.toMatchObject({
      id: 'proof.master-unreachable',
      message: expect.stringContaining('no answer to /info within 1 s'),
    });
  });

  test('a name that does not resolve', () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND det.example'), { code: 'ENOTFOUND' });
    expect(explainNoAnswer(new URL('http://det.example'), error)).toMatchObject({
      id: 'proof.master-unreachable',
      message: 'master http://det.example: its name does not resolve (ENOTFOUND)',
    });
  });

  test('an abort is thrown as it is', async () => {
    await using server = await tcpServer(() => undefined);
    const abort = new AbortController();
    const asked = ask(`http://127.0.0.1:${server.port}`, 5_000, abort.signal);
    abort.abort(new Error('interrupted'));
    await expect(asked).rejects.toThrow('interrupted');
  });
});

describe('the other scheme is asked where a connection says little', () => {
  const info = JSON.stringify({ cluster_id: 'c', version: '0.38.1' });
  const failure = async (url: string): Promise<UserError> => {
    const target = new URL(url);
    const { signal } = new AbortController();
    const error = await askMaster(masterHttp(target), signal).catch((thrown: unknown) => thrown);
    if (!(error instanceof UserError)) throw new Error('it answered');
    return explainScheme(target, error, signal);
  };
  const tlsMaster = () =>
    createTlsServer({ cert: fixture('localhost-cert.pem'), key: fixture('localhost-key.pem') }, (_, response) =>
      response.end(info),
    );

  test('https to a master in plain http, which closes: recorded as ECONNRESET', async () => {
    const plain = createServer((_, response) => response.end(info));
    await using server = await listening(plain.on('clientError', (_, socket) => socket.destroy()));
    expect(await failure(`https://127.0.0.1:${server.port}`)).toMatchObject({
      id: 'proof.master-scheme',
      message: expect.stringMatching(
        /^the master speaks http \(version 0\.38\.1\), but its URL has https \(.*ECONNRESET\)/,
      ),
      hint: `give http://127.0.0.1:${server.port} as its URL`,
    });
  });

  test('https to one that answers in plain HTTP: ERR_SSL_WRONG_VERSION_NUMBER', async () => {
    await using server = await httpServer(info);
    expect(await failure(`https://127.0.0.1:${server.port}`)).toMatchObject({
      message: expect.stringMatching(/speaks http \(version 0\.38\.1\).*ERR_SSL_WRONG_VERSION_NUMBER/),
    });
  });

  test('http to a master with a certificate that nobody knows here', async () => {
    await using server = await listening(tlsMaster());
    expect(await failure(`http://127.0.0.1:${server.port}`)).toMatchObject({
      id: 'proof.master-scheme',
      message: expect.stringMatching(
        /^the master speaks https, with a certificate that is not trusted here, but its URL has http/,
      ),
      hint: expect.stringMatching(
        /^give https:\/\/127\.0\.0\.1:\d+ as its URL; name its CA file in NODE_EXTRA_CA_CERTS/,
      ),
    });
  });

  test('what is no master either way is told as it was', async () => {
    await using server = await tcpServer((socket) => socket.end('SSH-2.0-none\r\n'));
    expect(await failure(`https://127.0.0.1:${server.port}`)).toMatchObject({
      id: 'proof.master-scheme',
      hint: `try http://127.0.0.1:${server.port}`,
    });
  });

  test('another error is left as it is', async () => {
    const error = await failure(`http://127.0.0.1:${await freePort()}`);
    expect(error.message).toContain('nothing listens there');
  });
});
