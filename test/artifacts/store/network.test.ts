import { expect, test } from 'vitest';
import { isFinal } from '../../../src/artifacts/store/failure.ts';
import { makeNetwork } from '../../../src/artifacts/store/network.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { failureOf } from '../../support/failure-of.ts';
import { ca, type Handler, startServer } from '../../support/release-server.ts';

test('a host that could not be reached is not asked again', async () => {
  const network = makeNetwork({ connectTimeoutMs: 500 }, new AbortController().signal);
  const first = await failureOf(network.request('https://localhost:1/one'));
  expect(await failureOf(network.request('https://localhost:1/two'))).toBe(first);
});

test('an unreachable host is a reason to try another source', async () => {
  const network = makeNetwork({}, new AbortController().signal);
  const error = await failureOf(network.getText('https://localhost:1/'));
  expect(error).toMatchObject({
    id: 'artifact.unavailable',
    hint: 'check the network, or give --mirror or --bundle',
  });
  expect(error.message).toMatch(/^localhost:1 cannot be reached: /);
});

test('the mirror gets its credentials, and nobody else', async () => {
  const seen: string[] = [];
  const note: Handler = (request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`);
    response.end('ok');
  };
  const other = await startServer({ '/file': note });
  const redirect: Handler = (_, response) => void response.writeHead(302, { location: `${other.url}/file` }).end();
  const server = await startServer({ '/files/a': note, '/filesystem': note, '/files/away': redirect });
  const mirror = { url: `${server.url}/files`, authorization: () => 'Basic canary' };
  const network = makeNetwork({ ca, mirror }, new AbortController().signal);
  for (const path of ['files/a', 'filesystem', 'files/away']) await network.getText(`${server.url}/${path}`);
  expect(seen).toEqual(['/files/a Basic canary', '/filesystem undefined', '/file undefined']);
});

test('a redirect from https to plain http is refused', async () => {
  const away: Handler = (_, response) => void response.writeHead(302, { location: 'http://localhost:1/' }).end();
  const { url } = await startServer({ '/a': away });
  const network = makeNetwork({ ca }, new AbortController().signal);
  expect((await failureOf(network.getText(`${url}/a`))).message).toContain('which is not https');
});

test('a certificate that nobody here trusts is told from a network that fails, with what helps', async () => {
  const { url } = await startServer({ '/a': (_, response) => response.end('a') });
  const { signal } = new AbortController();
  const hint = expect.stringMatching(/NODE_EXTRA_CA_CERTS=.*NODE_OPTIONS=--use-system-ca/);
  await expect(makeNetwork({}, signal).getText(`${url}/a`)).rejects.toMatchObject({
    id: 'artifact.untrusted-certificate',
    message: expect.stringContaining('cannot be reached: '),
    hint,
  });
  const mirrored = makeNetwork({ mirror: { url } }, signal).getText(`${url}/a`);
  await expect(mirrored).rejects.toMatchObject({ id: 'artifact.untrusted-mirror', hint });
  const error = await failureOf(makeNetwork({ mirror: { url } }, signal).getText(`${url}/a`));
  // nothing else is tried: building from source takes minutes, and the user named the mirror
  expect(error instanceof UserError && isFinal(error)).toBe(true);
});
