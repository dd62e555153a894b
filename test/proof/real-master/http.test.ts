import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { explainNoAnswer, masterHttp } from '../../../src/proof/real-master/http.ts';
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
