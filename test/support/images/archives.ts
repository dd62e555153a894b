import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { sha256 } from '../../../src/lib/files.ts';

/** The platform of nodes on this host. */
export const hostPlatform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };

export const tarOf = async (files: readonly (readonly [name: string, content: string | Buffer])[]): Promise<Buffer> => {
  const into = pack();
  const packed = Array.fromAsync(into as AsyncIterable<Buffer>);
  for (const [name, content] of files) into.entry({ name, mode: 0o755 }, content);
  into.finalize();
  return Buffer.concat(await packed);
};

type Image = {
  readonly name?: string;
  readonly platform?: { readonly os: string; readonly architecture: string };
  /** Of the one file in its layer. */
  readonly content?: Buffer;
  readonly files?: readonly (readonly [string, Buffer])[];
  readonly config?: object;
};

const partsOf = async ({ platform = hostPlatform, content = randomBytes(1_000), files, config = {} }: Image) => {
  const layer = await tarOf(files ?? [['data', content]]);
  const diffId = `sha256:${sha256(layer)}`;
  const text = JSON.stringify({ ...platform, config, rootfs: { type: 'layers', diff_ids: [diffId] } });
  return { layer, config: text, id: sha256(text) };
};

/** As `docker save` before version 25 writes it. */
export const dockerArchive = async (...images: readonly Image[]) => {
  const parts = await Promise.all(images.map(async (image) => ({ ...image, ...(await partsOf(image)) })));
  const files = parts.flatMap(({ layer, config, id }) => [
    [`${id}.json`, config] as const,
    [`${sha256(layer)}/layer.tar`, layer] as const,
  ]);
  const list = parts.map(({ name, layer, id }) => ({
    Config: `${id}.json`,
    RepoTags: name === undefined ? null : [name],
    Layers: [`${sha256(layer)}/layer.tar`],
  }));
  return {
    tar: await tarOf([...files, ['manifest.json', JSON.stringify(list)]]),
    ids: parts.map(({ id }) => `sha256:${id}`),
  };
};

const descriptorOf = (mediaType: string, content: string | Buffer) => ({
  mediaType: `application/vnd.oci.image.${mediaType}`,
  digest: `sha256:${sha256(content)}`,
  size: Buffer.byteLength(content),
});

const blob = (content: string | Buffer) => [`blobs/sha256/${sha256(content)}`, content] as const;

/** As skopeo, buildah and BuildKit write it: the list comes last here. `key` is the annotation that has the name. */
export const ociArchive = async (image: Image, key = 'org.opencontainers.image.ref.name') => {
  const { layer, config, id } = await partsOf(image);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: descriptorOf('config.v1+json', config),
    layers: [descriptorOf('layer.v1.tar', layer)],
  });
  const annotations = image.name === undefined ? {} : { annotations: { [key]: image.name } };
  const index = JSON.stringify({
    schemaVersion: 2,
    manifests: [{ ...descriptorOf('manifest.v1+json', manifest), ...annotations }],
  });
  const files = [blob(config), blob(layer), blob(manifest), ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'] as const];
  return { tar: await tarOf([...files, ['index.json', index]]), ids: [`sha256:${id}`], layer, manifest, index };
};

export const fileOf = async (dir: string, name: string, content: Buffer): Promise<string> => {
  const path = join(dir, name);
  await writeFile(path, content);
  return path;
};
