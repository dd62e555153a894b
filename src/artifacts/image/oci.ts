import type { TarContent, TarEntry } from '../../lib/archive/tar.ts';
import { sha256 } from '../../lib/files.ts';
import type { Arch } from '../../model/pins.ts';

/** One blob of an image, by its digest in lower-case hex. */
export type Blob = { readonly sha256: string; readonly size: number; readonly content: TarContent };

export type TextBlob = Blob & { readonly content: { readonly text: string } };

/** An image for an archive. */
export type OciImage = { readonly ref: string; readonly manifest: TextBlob; readonly blobs: readonly Blob[] };

const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json';

/** A descriptor of the OCI image format. */
export type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number };

export const textBlob = (text: string): TextBlob => ({
  sha256: sha256(text),
  size: Buffer.byteLength(text),
  content: { text },
});

const describe = (mediaType: string, blob: Blob): Descriptor => ({
  mediaType,
  digest: `sha256:${blob.sha256}`,
  size: blob.size,
});

/** An image of one uncompressed layer. */
export const composeImage = (ref: string, layer: Blob, { arch, config }: { arch: Arch; config: object }): OciImage => {
  const configBlob = textBlob(
    JSON.stringify({
      architecture: arch,
      os: 'linux',
      config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], ...config },
      rootfs: { type: 'layers', diff_ids: [`sha256:${layer.sha256}`] },
      history: [{ created_by: 'taskgate' }],
    }),
  );
  const manifest = textBlob(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestMediaType,
      config: describe('application/vnd.oci.image.config.v1+json', configBlob),
      layers: [describe('application/vnd.oci.image.layer.v1.tar', layer)],
    }),
  );
  return { ref, manifest, blobs: [configBlob, layer] };
};

const mediaTypeOf = ({ content }: TextBlob): string => {
  const { mediaType } = JSON.parse(content.text) as { mediaType?: string };
  return mediaType ?? manifestMediaType;
};

const renderIndex = (images: readonly OciImage[]): string =>
  JSON.stringify({
    schemaVersion: 2,
    manifests: images.map(({ ref, manifest }) => ({
      ...describe(mediaTypeOf(manifest), manifest),
      // containerd imports the image under this name
      annotations: { 'io.containerd.image.name': ref, 'org.opencontainers.image.ref.name': ref.split(':').at(-1) },
    })),
  });

const file = (name: string, content: TarContent): TarEntry => ({ type: 'file', name, mode: 0o644, content });

/** An OCI image layout with several images; shared blobs are stored once. */
export const layoutEntries = (images: readonly OciImage[]): readonly TarEntry[] => {
  const blobs = new Map(
    images.flatMap(({ manifest, blobs }) => [manifest, ...blobs]).map((blob) => [blob.sha256, blob]),
  );
  return [
    file('oci-layout', { text: '{"imageLayoutVersion":"1.0.0"}' }),
    file('index.json', { text: renderIndex(images) }),
    { type: 'directory', name: 'blobs/', mode: 0o755 },
    { type: 'directory', name: 'blobs/sha256/', mode: 0o755 },
    ...[...blobs.values()].map((blob) => file(`blobs/sha256/${blob.sha256}`, blob.content)),
  ];
};
