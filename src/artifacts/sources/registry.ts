import { join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { sha256 } from '../../lib/files.ts';
import { discardBody, readBytes } from '../../lib/http/http.ts';
import type { Arch } from '../../model/pins.ts';
import type { Blob, Descriptor, OciImage } from '../image/oci.ts';
import type { Work } from '../item.ts';
import { downloadFile } from '../store/download.ts';
import { asSourceError, type Network, sourceError, verifyStatus } from '../store/network.ts';
import type { Meter } from '../store/progress.ts';

type ImageRef = { readonly host: string; readonly repository: string; readonly tag: string };

/** Splits `host/repository:tag`. The host of Docker Hub's registry differs from that in its image names. */
export const parseRef = (ref: string): ImageRef => {
  const match = /^([^/]+)\/(.+):([^:/]+)$/.exec(ref);
  const [, host, repository, tag] = match ?? [];
  if (!host || !repository || !tag) throw new Error(`not a full image reference: ${ref}`);
  return { host: host === 'docker.io' ? 'registry-1.docker.io' : host, repository, tag };
};

/** The URL of the token server in the `WWW-Authenticate` header of a 401. */
export const parseChallenge = (header: string | undefined): string | undefined => {
  const values = new Map([...(header ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const realm = values.get('realm');
  if (!realm || !/^bearer /i.test(header ?? '')) return undefined;
  const url = new URL(realm);
  for (const name of ['service', 'scope']) {
    const value = values.get(name);
    if (value) url.searchParams.set(name, value);
  }
  return url.href;
};

const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

type Headers = Readonly<Record<string, string>>;

const fetchToken = async (url: string, network: Network): Promise<string> => {
  const answer = JSON.parse((await network.getBytes(url)).toString('utf8')) as {
    token?: unknown;
    access_token?: unknown;
  };
  const token = answer.token ?? answer.access_token;
  if (typeof token !== 'string') throw sourceError(`${new URL(url).host} returned no token`);
  return token;
};

/** The headers for requests to this repository: with a token, if it requires one. */
const authorize = async (url: string, network: Network): Promise<Headers> => {
  try {
    const response = await network.request(url, { accept });
    discardBody(response);
    const { status, headers } = response;
    const tokenUrl = status === 401 ? parseChallenge(headers['www-authenticate']) : undefined;
    return tokenUrl ? { authorization: `Bearer ${await fetchToken(tokenUrl, network)}` } : {};
  } catch (error) {
    throw asSourceError(error);
  }
};

const fetchManifest = async (url: string, headers: Headers, network: Network): Promise<Blob> => {
  try {
    const response = await network.request(url, { ...headers, accept });
    verifyStatus(response);
    const text = (await readBytes(response, network.signal)).toString('utf8');
    return { sha256: sha256(text), size: Buffer.byteLength(text), content: { text } };
  } catch (error) {
    throw asSourceError(error);
  }
};

type ParsedManifest = {
  readonly manifests?: readonly (Descriptor & {
    readonly platform?: { readonly os?: string; readonly architecture?: string };
  })[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
};

const parseManifest = ({ content }: Blob): ParsedManifest => {
  if (!('text' in content)) throw new Error('a manifest is kept as text');
  return JSON.parse(content.text) as ParsedManifest;
};

const hexOf = ({ digest }: Descriptor): string => {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (!hex) throw sourceError(`${digest} is not a sha256 digest`);
  return hex;
};

/** The manifest for this platform in an index; undefined for a manifest of a single platform. */
export const choosePlatform = (manifest: ParsedManifest, arch: Arch, ref: string): Descriptor | undefined => {
  if (!manifest.manifests) return undefined;
  const found = manifest.manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === arch);
  if (!found) throw sourceError(`${ref} has no image for linux/${arch}`);
  return found;
};

const verifyManifest = (blob: Blob, wanted: string, ref: string): Blob => {
  if (blob.sha256 === wanted) return blob;
  throw new UserError(`the manifest of ${ref} has sha256 ${blob.sha256}, but ${wanted} was expected`, {
    id: 'artifact.checksum',
    hint: 'it was changed on the way: try another network, --mirror or --bundle',
  });
};

type PullOptions = { readonly work: Work; readonly blobsDir: string; readonly meter: Meter };

/** Pulls an image from its registry: manifest and blobs by digest. Records the digest of the tag. */
export const pullImage = async (ref: string, { work, blobsDir, meter }: PullOptions): Promise<OciImage> => {
  const { host, repository, tag } = parseRef(ref);
  const base = `https://${host}/v2/${repository}`;
  const headers = await authorize(`${base}/manifests/${tag}`, work.network);
  const tagged = await fetchManifest(`${base}/manifests/${tag}`, headers, work.network);
  await work.digests.remember(ref, tagged.sha256);
  const chosen = choosePlatform(parseManifest(tagged), work.arch, ref);
  const manifest = chosen
    ? verifyManifest(
        await fetchManifest(`${base}/manifests/${chosen.digest}`, headers, work.network),
        hexOf(chosen),
        ref,
      )
    : tagged;
  const { config, layers = [] } = parseManifest(manifest);
  if (!config) throw sourceError(`${ref} has no image configuration`);
  const descriptors = new Map([config, ...layers].map((descriptor) => [descriptor.digest, descriptor]));
  const fetching = [...descriptors.values()].map(async (descriptor): Promise<Blob> => {
    const hex = hexOf(descriptor);
    const path = join(blobsDir, hex);
    const url = `${base}/blobs/${descriptor.digest}`;
    const partialDir = join(work.cacheDir, 'partial');
    await downloadFile({ url, sha256: hex, to: path, partialDir, headers, onBytes: meter.of(hex) }, work.network);
    return { sha256: hex, size: descriptor.size, content: { path, size: descriptor.size } };
  });
  // after a failure, no other download must still be writing
  await Promise.allSettled(fetching);
  return { ref, manifest, blobs: await Promise.all(fetching) };
};
