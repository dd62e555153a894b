import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { assembledImages, type ProgramOf } from '../../../src/artifacts/sources/images.ts';
import { sha256 } from '../../../src/lib/files.ts';
import type { ImagePin } from '../../../src/model/pins.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { fakeWork } from '../../support/work.ts';

type Found = { readonly name: string; readonly mode: number; readonly type: string; readonly body: Buffer };

const readTar = async (data: Buffer): Promise<readonly Found[]> => {
  const found: Found[] = [];
  const entries = extract();
  entries.end(data);
  for await (const entry of entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, mode, type } = entry.header;
    found.push({ name, mode: mode & 0o7777, type, body: Buffer.concat(chunks) });
  }
  return found;
};

const pins: readonly ImagePin[] = [
  {
    ref: 'r.io/pause:3',
    assembled: { program: 'agnhost', path: 'agnhost', config: { Entrypoint: ['/agnhost', 'pause'] } },
  },
  { ref: 'r.io/agnhost:2', assembled: { program: 'agnhost', path: 'agnhost', config: { Entrypoint: ['/agnhost'] } } },
  {
    ref: 'r.io/envoy:v1',
    assembled: {
      ...{ program: 'envoy', path: 'bin/envoy', packages: 'policyTools' },
      config: { Entrypoint: ['/bin/envoy'] },
    },
  },
];

const assemble = async (dir: string): Promise<Buffer> => {
  for (const folder of ['lib', 'packages/usr/sbin']) await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, 'packages/usr/sbin/ipset'), 'program ipset');
  for (const name of ['agnhost', 'envoy', 'lib/libc.so.6']) await writeFile(join(dir, name), `program ${name}`);
  const { runner } = fakeRunner({
    [`ldd ${join(dir, 'agnhost')}`]: { exitCode: 1, stderr: '\tnot a dynamic executable' },
    [`ldd ${join(dir, 'envoy')}`]: `\tlibc.so.6 => ${join(dir, 'lib/libc.so.6')} (0x1)`,
  });
  const { work } = await fakeWork({ runner });
  const programOf: ProgramOf = async (program) => join(dir, program);
  const packagesOf = async () => join(dir, 'packages');
  await assembledImages(pins, { programOf, packagesOf }).make(join(work.cacheDir, 'item'), work);
  expect(await readdir(join(work.cacheDir, 'item'))).toEqual(['images.tar']);
  return readFile(join(work.cacheDir, 'item/images.tar'));
};

test('an archive is an OCI layout in which each blob matches its digest', async () => {
  const entries = await readTar(await assemble(await temporaryDir()));
  const blobs = new Map(entries.filter(({ type }) => type === 'file').map(({ name, body }) => [name, body]));
  expect(blobs.get('oci-layout')?.toString()).toBe('{"imageLayoutVersion":"1.0.0"}');
  for (const [name, body] of blobs) if (name.startsWith('blobs/')) expect(name).toBe(`blobs/sha256/${sha256(body)}`);
  const blob = (digest: string) => blobs.get(`blobs/${digest.replace(':', '/')}`);
  const read = (digest: string) => JSON.parse(blob(digest)?.toString() ?? '');
  const index = JSON.parse(blobs.get('index.json')?.toString() ?? '');
  const names = index.manifests.map((each: { annotations: object }) => each.annotations);
  expect(names).toEqual([
    { 'io.containerd.image.name': 'r.io/pause:3', 'org.opencontainers.image.ref.name': '3' },
    { 'io.containerd.image.name': 'r.io/agnhost:2', 'org.opencontainers.image.ref.name': '2' },
    { 'io.containerd.image.name': 'r.io/envoy:v1', 'org.opencontainers.image.ref.name': 'v1' },
  ]);
  const [pause, agnhost, envoy] = index.manifests.map(({ digest }: { digest: string }) => read(digest));
  expect(pause.layers).toEqual(agnhost.layers);
  expect(read(pause.config.digest)).toMatchObject({
    architecture: 'amd64',
    os: 'linux',
    config: { Entrypoint: ['/agnhost', 'pause'] },
    rootfs: { diff_ids: [pause.layers[0].digest] },
  });
  const inEnvoy = (await readTar(blob(envoy.layers[0].digest) ?? Buffer.of())).map(({ name }) => name);
  expect(inEnvoy).toContain('bin/envoy');
  expect(inEnvoy).toContain('usr/sbin/ipset');
  expect(inEnvoy.find((name) => name.endsWith('lib/libc.so.6'))).toBeDefined();
  // index and layout, three manifests, three configurations, two layers: a shared one is stored once
  expect([...blobs].length).toBe(2 + 3 + 3 + 2);
});

test('the same programs give the same archive, whenever it is made', async () => {
  const dir = await temporaryDir();
  expect((await assemble(dir)).equals(await assemble(dir))).toBe(true);
});
