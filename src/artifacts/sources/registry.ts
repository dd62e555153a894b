import { join } from 'node:path';
import { discardBody } from '../../lib/http/http.ts';
import { isFields, parseFields } from '../../lib/json.ts';
import type { Arch, ImageDigests } from '../../model/pins.ts';
import { type Blob, type Descriptor, type OciImage, type TextBlob, textBlob } from '../image/oci.ts';
import type { Work } from '../item.ts';
import { checksumError, downloadFile } from '../store/download.ts';
import { asSourceError, type Network, sourceError } from '../store/network.ts';
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
  const values = new Map([...(header ?? '').matchAll(/\b(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const realm = values.get('realm');
  if (!realm || !/^bearer /i.test(header ?? '')) return undefined;
  const url = URL.parse(realm);
  if (!url || !/^https?:$/.test(url.protocol)) throw sourceError(`the registry names a token server that is no URL`);
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
  const answer = parseFields(await network.getText(url));
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

type ParsedManifest = {
  readonly manifests?: readonly (Descriptor & {
    readonly platform?: { readonly os?: string; readonly architecture?: string };
  })[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
};

const isDescriptor = (value: unknown): boolean =>
  isFields(value) && typeof value.digest === 'string' && Number.isSafeInteger(value.size);

const parseManifest = ({ content }: TextBlob): ParsedManifest => {
  const manifest = parseFields(content.text);
  const { manifests, layers, config } = manifest;
  const isList = (list: unknown): boolean => list === undefined || (Array.isArray(list) && list.every(isDescriptor));
  const isSound = isList(manifests) && isList(layers) && (manifests !== undefined || isDescriptor(config));
  if (!isSound)
    throw sourceError(`the registry gives a manifest that is none: ${JSON.stringify(content.text.slice(0, 80))}`);
  return manifest as ParsedManifest;
};

const hexOf = ({ digest }: Pick<Descriptor, 'digest'>): string => {
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

type PullOptions = { readonly work: Work; readonly blobsDir: string; readonly meter: Meter };

/** The requests for an image, with the token that its registry wants. */
const openRepository = async (ref: string, network: Network) => {
  const { host, repository, tag } = parseRef(ref);
  const base = `https://${host}/v2/${repository}`;
  const headers = await authorize(`${base}/manifests/${tag}`, network);
  const getManifest = async (reference: string): Promise<TextBlob> =>
    textBlob(await network.getText(`${base}/manifests/${reference}`, { ...headers, accept }));
  return { base, headers, tag, getManifest };
};

/** The digests that a registry has for a tag now: of the index, and of each architecture's manifest in it. */
export const fetchDigests = async (ref: string, network: Network): Promise<ImageDigests> => {
  const { tag, getManifest } = await openRepository(ref, network);
  const top = await getManifest(tag);
  const manifest = parseManifest(top);
  if (!manifest.manifests) return { index: top.sha256 };
  const of = (arch: Arch) => hexOf(choosePlatform(manifest, arch, ref) ?? { digest: '' });
  return { index: top.sha256, amd64: of('amd64'), arm64: of('arm64') };
};

/** The image's manifest for this machine, proven by its pins; without any, the digest of the tag is remembered. */
const fetchManifest = async (ref: string, getManifest: (reference: string) => Promise<TextBlob>, work: Work) => {
  const { tag } = parseRef(ref);
  const [index, own] = [work.trust.pinned(ref), work.trust.pinned(`${ref} ${work.arch}`)];
  const getPinned = async (sha256: string): Promise<TextBlob> => {
    const blob = await getManifest(`sha256:${sha256}`);
    if (blob.sha256 !== sha256) throw checksumError(`the manifest of ${ref}`, blob.sha256, sha256);
    return blob;
  };
  if (own) {
    work.prove({ of: `${ref} ${work.arch}`, sha256: own, by: 'pin' });
    return getPinned(own);
  }
  const top = index ? await getPinned(index) : await getManifest(tag);
  // a login page of a hotel's network is no image: only the digest of a manifest is remembered
  const chosen = choosePlatform(parseManifest(top), work.arch, ref);
  const pinned = chosen && hexOf(chosen);
  if (!index) await work.digests.remember(ref, top.sha256);
  work.prove({ of: ref, sha256: top.sha256, by: index ? 'pin' : 'registry' });
  return pinned === undefined ? top : getPinned(pinned);
};

/** Pulls an image from its registry: manifest and blobs by digest. */
export const pullImage = async (ref: string, { work, blobsDir, meter }: PullOptions): Promise<OciImage> => {
  const { base, headers, getManifest } = await openRepository(ref, work.network);
  const manifest = await fetchManifest(ref, getManifest, work);
  const { config, layers = [] } = parseManifest(manifest);
  if (!config) throw sourceError(`${ref} has no image configuration`);
  const descriptors = new Map([config, ...layers].map((descriptor) => [descriptor.digest, descriptor]));
  const fetching = [...descriptors.values()].map(async (descriptor): Promise<Blob> => {
    const hex = hexOf(descriptor);
    const path = join(blobsDir, hex);
    const url = `${base}/blobs/${descriptor.digest}`;
    const maxBytes = descriptor.size;
    await downloadFile({ url, sha256: hex, maxBytes, to: path, headers, onBytes: meter.of(hex) }, work);
    return { sha256: hex, size: descriptor.size, content: { path, size: descriptor.size } };
  });
  // after a failure, no other download must still be writing
  await Promise.allSettled(fetching);
  return { ref, manifest, blobs: await Promise.all(fetching) };
};
