import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { downloadFile } from '../../../src/artifacts/store/download.ts';
import { makeNetwork } from '../../../src/artifacts/store/network.ts';
import { sha256 } from '../../../src/lib/files.ts';
import { failureOf } from '../../support/failure-of.ts';
import { ca, type Handler, inTurn, ranged, stalled, startServer, truncated } from '../../support/release-server.ts';
import { fakeWork } from '../../support/work.ts';

const body = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));

const setUp = async (handler: Handler, stallTimeoutMs = 5_000) => {
  const server = await startServer({ '/file': handler });
  const { work } = await fakeWork();
  const network = makeNetwork({ ca, stallTimeoutMs }, work.signal);
  const to = join(work.cacheDir, 'out/file');
  const partialDir = join(work.cacheDir, 'partial');
  const seen: string[] = [];
  const onBytes = (done: number, total: number | undefined) => seen.push(`${done}/${total}`);
  const url = `${server.url}/file`;
  const run = () => downloadFile({ url, sha256: sha256(body), to, onBytes }, { ...work, network });
  return { ...server, run, to, url, seen, partial: join(partialDir, sha256(url).slice(0, 24)), partialDir };
};

test('downloads, checks and leaves nothing behind', async () => {
  const { run, to, seen, partialDir } = await setUp(ranged(body));
  await run();
  expect(await readFile(to)).toEqual(body);
  expect(seen.at(-1)).toBe('50000/50000');
  expect(await readdir(partialDir)).toEqual([]);
});

test('refuses a wrong checksum and forgets the file', async () => {
  const { run, url, partialDir } = await setUp(ranged(Buffer.from('other')));
  const error = await failureOf(run());
  expect(error).toMatchObject({ id: 'artifact.checksum', hint: expect.stringContaining('--mirror') });
  expect(error.message).toBe(`${url} has sha256 ${sha256('other')}, but ${sha256(body)} was expected`);
  expect(await readdir(partialDir)).toEqual([]);
});

test.each([
  ['truncated', truncated(body, 20_000)],
  ['stalled', stalled(body, 20_000)],
] as const)('goes on where a %s body ended', async (_, broken) => {
  const { run, to, requests } = await setUp(inTurn(broken, ranged(body)), 100);
  await run();
  expect(await readFile(to)).toEqual(body);
  expect(requests).toEqual(['GET /file', expect.stringMatching(/^GET \/file bytes=\d+-$/)]);
});

test('a body that ends early each time, and then stalls, fails and keeps what came', async () => {
  const early = truncated(body, 10_000);
  const { run, host, requests, partial } = await setUp(inTurn(early, early, early, stalled(body, 20_000)), 100);
  const error = await failureOf(run());
  expect(error).toMatchObject({ id: 'artifact.unavailable', message: `${host} sent nothing for 0.1 s` });
  expect(requests).toHaveLength(4);
  expect((await readFile(partial)).length).toBeGreaterThan(0);
});

test('resumes the download of an earlier run', async () => {
  const { run, to, requests, partial } = await setUp(inTurn(truncated(body, 30_000), ranged(body)));
  await run();
  await writeFile(partial, body.subarray(0, 12_345));
  await run();
  expect(requests.at(-1)).toBe('GET /file bytes=12345-');
  expect(await readFile(to)).toEqual(body);
});

test('restarts the download if the partial file is wrong', async () => {
  const { run, to, requests, partial } = await setUp(ranged(body));
  await run();
  await writeFile(partial, Buffer.alloc(10_000));
  await run();
  expect(requests.slice(1)).toEqual(['GET /file bytes=10000-', 'GET /file']);
  expect(await readFile(to)).toEqual(body);
});

test('takes a partial file that is whole already', async () => {
  const { run, to, partial } = await setUp(ranged(body));
  await run();
  await writeFile(partial, body);
  await run();
  expect(await readFile(to)).toEqual(body);
});

test('a server that ignores the range sends all again', async () => {
  const { run, to, partial } = await setUp((_, response) => response.end(body));
  await run();
  await writeFile(partial, body.subarray(0, 99));
  await run();
  expect(await readFile(to)).toEqual(body);
});

test('reports the URL that was not found', async () => {
  const { run, url } = await setUp((_, response) => response.writeHead(404).end());
  expect(await failureOf(run())).toMatchObject({ id: 'artifact.unavailable', message: `404 Not Found from ${url}` });
});

test('follows a redirect to where the file lies', async () => {
  const files = await startServer({ '/elsewhere': ranged(body) });
  const { run, to } = await setUp((_, response) =>
    response.writeHead(302, { location: `${files.url}/elsewhere` }).end(),
  );
  await run();
  expect(await readFile(to)).toEqual(body);
});

test.each([
  [
    'says',
    (_: unknown, response: ServerResponse) => void response.writeHead(200, { 'content-length': 2e9 }).write('x'),
  ],
  ['sends', (_: unknown, response: ServerResponse) => void response.writeHead(200).write(Buffer.alloc(50_001))],
])('a server that %s more than the file can have is cut off, and nothing is kept', async (_, handler) => {
  const { work } = await fakeWork();
  const { url } = await startServer({ '/file': handler });
  const network = makeNetwork({ ca, stallTimeoutMs: 2_000 }, work.signal);
  const download = { url: `${url}/file`, sha256: sha256(body), maxBytes: 50_000, to: join(work.cacheDir, 'out') };
  const error = await failureOf(downloadFile(download, { ...work, network }));
  expect(error).toMatchObject({ id: 'artifact.too-large', message: expect.stringContaining('at most 50000') });
  expect(await readdir(join(work.cacheDir, 'partial'))).toEqual([]);
});

test('without a known size the hard limit holds', async () => {
  const { run } = await setUp((_, response) => void response.writeHead(200, { 'content-length': 2e9 }).write('x'));
  expect(await failureOf(run())).toMatchObject({
    id: 'artifact.too-large',
    message: expect.stringContaining('1073741824'),
  });
});
