import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { sha256 } from '../../src/lib/files.ts';
import { figure } from '../support/figure.ts';
import { type Ended, errorOf, fakePrograms, test, type User } from '../support/process/user.ts';

const canary = 'Canary-4711';
const forms = [canary, Buffer.from(`ci:${canary}`).toString('base64'), Buffer.from(canary).toString('base64')];

const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const stamp = (key: string, path: string) => {
  const file = { path, size: path.length, mtimeMs: 0, mode: 0o755, sha256: sha256(path) };
  return { schema: 1, key, source: 'release', files: [file], links: [] };
};
const items = Object.fromEntries(
  [stamp(`etcd-v3.6.5-${arch}`, 'etcd'), stamp(`coredns-v1.12.4-${arch}`, 'coredns')].map((each) => [each.key, each]),
);
const index = JSON.stringify({ schema: 1, items });

/** A mirror on this host that wants the password, and has a bundle with two items. */
const startMirror = async () => {
  const seen: { readonly url: string | undefined; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    seen.push({ url, headers });
    if (headers.authorization !== `Basic ${forms[1]}`) response.writeHead(401).end();
    else if (url === '/files/bundle.json') response.end(index);
    else if (/\/(etcd|coredns)$/.test(url)) response.end(url.split('/').at(-1));
    else response.writeHead(404).end();
  });
  // the proxy of everything else: refused at once, for nothing is to be waited for here
  server.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { seen, port, url: `http://ci:${canary}@127.0.0.1:${port}/files` };
};

/** Everything that was printed or written, but for the files that the user wrote. */
const everything = async (user: User, ended: readonly Ended[], own: readonly string[] = []): Promise<string> => {
  const entries = await readdir(user.dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  const texts = await Promise.all(files.filter((path) => !own.includes(path)).map((path) => readFile(path, 'latin1')));
  return [...ended.flatMap(({ stdout, stderr }) => [stdout, stderr]), ...files, ...texts].join('\n');
};

const expectNoCanary = (text: string): void => {
  expect(text.length).toBeGreaterThan(500);
  const found = forms.reduce((count, form) => count + text.split(form).length - 1, 0);
  figure('strings of a canary password in all output and files of a run', found);
};

const timeout = 300_000;

const failing = 'echo "proxyconnect tcp: dial $HTTPS_PROXY: refused" >&2; exit 1';
const programs = { go: failing, 'apt-get': failing, python3: failing };

type Seen = readonly { readonly url: string | undefined; readonly headers: IncomingHttpHeaders }[];
type Run = (...args: readonly string[]) => Promise<Ended>;

/** Commands that use the mirror, show it, or find something wrong with it. */
const runAll = async (run: Run, digest: readonly string[], seen: Seen): Promise<readonly Ended[]> => {
  const up = await run('up', '--provider', 'native', '--json', '--junit', 'junit.xml', ...digest);
  expect(up).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('from http://127.0.0.1') });
  expect(seen.some(({ url, headers }) => url?.endsWith('/coredns') && headers.authorization)).toBe(true);
  const ended = [
    up,
    await run('status', '--json'),
    await run('config', 'show', '--origin', '--json'),
    await run('config', 'show', '--mirror', `ftp://ci:${canary}@host`),
    await run('config', 'show', '--mirror', `ci:${canary}@host`),
    await run('down', '--purge-cache'),
  ];
  expect(ended.map(({ exitCode }) => exitCode)).toEqual([4, 0, 0, 2, 2, 0]);
  return ended;
};

describe("a mirror's password", () => {
  test.for(['flag', 'variable', 'file'] as const)(
    'by %s is used, and is nowhere to be read',
    { timeout },
    async (way, { user }) => {
      const { seen, url, port } = await startMirror();
      await fakePrograms(user, programs);
      const file = way === 'file' ? await user.write('work/taskgate.yaml', `mirror: ${url}\n`) : '';
      const mirror = way === 'flag' ? ['--mirror', url] : [];
      const env = {
        ...(way === 'variable' && { TASKGATE_MIRROR: url }),
        HTTPS_PROXY: `http://ci:${canary}@127.0.0.1:${port}`,
      };
      const digest = ['--bundle-digest', `sha256:${sha256(index)}`];
      const isTaken = (args: readonly string[]) =>
        !args.includes('--mirror') && !['status', 'down'].includes(args[0] ?? '');
      const run: Run = (...args) => user.run(isTaken(args) ? [...args, ...mirror] : args, { env });
      const show = await run('config', 'show');
      expect(show.stdout).toContain(`mirror: http://127.0.0.1:${port}/files`);
      // every command reads the settings in the same way, so those that use them run once
      const others = way === 'flag' ? await runAll(run, digest, seen) : [];
      const ended = [show, ...others];
      expectNoCanary(await everything(user, ended, [file]));
    },
  );

  test('in the URL of a bundle, of the master or of a kubeconfig is not repeated', { timeout }, async ({ user }) => {
    const url = `https://ci:${canary}@127.0.0.1:1/x`;
    const kubeconfig = join(user.dir, 'kubeconfig');
    const cluster = { name: 'c', cluster: { server: url } };
    const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
    const content = {
      'current-context': 'c',
      clusters: [cluster],
      contexts: [context],
      users: [{ name: 'u', user: {} }],
    };
    await writeFile(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...content }));
    const attach = ['--provider', 'attach', '--kubeconfig', kubeconfig, '--context', 'c', '--allow-context', 'c'];
    const ended = [
      await user.run(['up', '--bundle', url]),
      await user.run(['prefetch', '--bundle', url]),
      await user.run(['config', 'show', '--bundle', `ci:${canary}@host:team/bundle`]),
      await user.run(['config', 'show', '--master-reach', 'url', '--master-url', url]),
      await user.run(['up', ...attach, '--junit', 'junit.xml', '--gateway-reach', 'node']),
      await user.run(['status', ...attach]),
    ];
    expect(ended.map(({ exitCode }) => exitCode).slice(0, 4)).toEqual([2, 2, 2, 2]);
    expect(errorOf(ended[0] as Ended)).toMatch(/--bundle: bundle: is not a folder/);
    expectNoCanary(await everything(user, ended, [kubeconfig]));
  });
});
