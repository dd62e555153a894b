import { UserError } from '../../lib/errors.ts';
import { sha256 } from '../../lib/files.ts';
import { asText, type Fields, isFields, itemsOf, parseJson } from '../../lib/json.ts';
import { badArchive, openTar, type Tar } from './open-archive.ts';
import { findFullName } from './reference.ts';

/** An image in an archive. */
export type ArchivedImage = {
  /** In full, as kubelet looks for them; none of an image that was saved by its id. */
  readonly names: readonly string[];
  /** Digest of its configuration: `sha256:` and hex. What Docker and the CRI call its id. */
  readonly id: string;
  /** As in `linux/amd64`. */
  readonly platform: string;
  /** Its entry in the archive's list of images. */
  readonly entry: Fields;
};

/** An archive by `docker save`, or of the OCI image layout (github.com/opencontainers/image-spec, image-layout.md). */
export type ImageArchive = {
  readonly tar: Tar;
  /** The file that lists its images: containerd takes the layout's where both are there. */
  readonly list: 'index.json' | 'manifest.json';
  readonly images: readonly ArchivedImage[];
};

const textOf = (tar: Tar, name: string): string => {
  const content = tar.members.get(name)?.content;
  if (!content) throw badArchive(tar.path, `it has no ${name}, which its list of images names`);
  return content.toString('utf8');
};

const fieldsOf = (tar: Tar, name: string): Fields => {
  const value = parseJson(textOf(tar, name));
  if (!isFields(value)) throw badArchive(tar.path, `its ${name} is damaged`);
  return value;
};

const platformOf = (config: Fields): string =>
  [config['os'], config['architecture']].map((one) => (typeof one === 'string' ? one : 'unknown')).join('/');

const blobOf = (tar: Tar, descriptor: unknown): string => {
  const digest = isFields(descriptor) ? descriptor['digest'] : undefined;
  const hex = typeof digest === 'string' ? /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] : undefined;
  if (!hex) throw badArchive(tar.path, 'its list of images names no digest');
  return `blobs/sha256/${hex}`;
};

/** The manifest below a descriptor: its own, or of an index the one for a platform, else the first that is there. */
const findManifest = (tar: Tar, descriptor: unknown, wanted: string, depth = 0): Fields => {
  if (depth > 4) throw badArchive(tar.path, 'its indexes of images name each other');
  const manifest = fieldsOf(tar, blobOf(tar, descriptor));
  if (!Array.isArray(manifest['manifests'])) return manifest;
  // what else an index has, such as a builder's attestations, is of no platform
  const below = manifest['manifests'].filter(isFields).flatMap((one) => {
    const platform = isFields(one['platform']) ? platformOf(one['platform']) : 'unknown/unknown';
    return platform !== 'unknown/unknown' && tar.members.has(blobOf(tar, one)) ? [{ one, platform }] : [];
  });
  const chosen = below.find(({ platform }) => platform === wanted) ?? below[0];
  if (!chosen) throw badArchive(tar.path, 'it has an index of images, and none of them');
  return findManifest(tar, chosen.one, wanted, depth + 1);
};

const imageNameKey = 'io.containerd.image.name';
const refNameKey = 'org.opencontainers.image.ref.name';

/** skopeo and buildah write the whole name as the tag; a tag alone is no name. */
const namesOf = ({ annotations }: Fields): readonly string[] => {
  const values = isFields(annotations) ? [annotations[imageNameKey], annotations[refNameKey]] : [];
  const name = values.find((value) => typeof value === 'string' && /[/:]/.test(value));
  const full = typeof name === 'string' ? findFullName(name) : undefined;
  return full === undefined ? [] : [full];
};

const imagesOfLayout = (tar: Tar, wanted: string): readonly ArchivedImage[] => {
  const byDigest = new Map<string, ArchivedImage>();
  for (const entry of itemsOf(fieldsOf(tar, 'index.json')['manifests']).filter(isFields)) {
    const config = blobOf(tar, findManifest(tar, entry, wanted)['config']);
    const image = {
      names: namesOf(entry),
      id: `sha256:${config.split('/').at(-1)}`,
      platform: platformOf(fieldsOf(tar, config)),
      entry,
    };
    const key = asText(entry['digest']);
    const before = byDigest.get(key);
    byDigest.set(key, before ? { ...before, names: [...new Set([...before.names, ...image.names])] } : image);
  }
  return [...byDigest.values()];
};

const imagesOfDocker = (tar: Tar): readonly ArchivedImage[] =>
  itemsOf(parseJson(textOf(tar, 'manifest.json')))
    .filter(isFields)
    .map((entry) => {
      const config = asText(entry['Config']);
      const tags = itemsOf(entry['RepoTags']).filter((tag) => typeof tag === 'string');
      return {
        names: tags.flatMap((tag) => findFullName(tag) ?? []),
        id: `sha256:${sha256(textOf(tar, config))}`,
        platform: platformOf(fieldsOf(tar, config)),
        entry,
      };
    });

const refusePlatform = ({ tar: { path }, images }: ImageArchive, platform: string): void => {
  const [other] = images.filter((image) => image.platform !== platform);
  if (!other) return;
  throw new UserError(
    `${path} has ${other.names[0] ?? 'an image'} for ${other.platform}, and the node is ${platform}`,
    {
      id: 'artifact.image-platform',
      hint: `save the image for this platform: docker pull --platform ${platform} IMAGE, then docker save`,
    },
  );
};

/**
 * What images an archive has, for nodes of this platform (`linux/amd64`). Throws UserError as {@link openTar} does, and
 * `artifact.image-platform` where an image is for another one: its containers would not start.
 */
export const openImageArchive = async (path: string, platform: string, signal: AbortSignal): Promise<ImageArchive> => {
  const tar = await openTar(path, signal);
  const list = ['oci-layout', 'index.json'].every((name) => tar.members.has(name)) ? 'index.json' : 'manifest.json';
  if (!tar.members.has(list))
    throw badArchive(path, 'it has neither index.json nor manifest.json, so no list of images');
  const images = list === 'index.json' ? imagesOfLayout(tar, platform) : imagesOfDocker(tar);
  if (images.length === 0) throw badArchive(path, 'its list of images is empty');
  const archive = { tar, list, images } as const;
  refusePlatform(archive, platform);
  return archive;
};

/**
 * The archive with `name` for its only image. Throws UserError `usage.image-name` where there are several, where the name is
 * none, and for an image that has no name and gets none: kubelet could not find it.
 */
export const named = (archive: ImageArchive, name: string | undefined): ImageArchive => {
  const { tar, images } = archive;
  const [only, ...others] = images;
  if (name !== undefined && others.length > 0)
    throw new UserError(`--as names one image, and ${tar.path} has ${images.length}`, {
      id: 'usage.image-name',
      hint: 'leave --as out, or save the images into a file each',
    });
  if (name !== undefined && only) return { ...archive, images: [{ ...only, names: [name] }] };
  if (images.every(({ names }) => names.length > 0)) return archive;
  throw new UserError(`${tar.path} has an image without a name, under which no pod could ask for it`, {
    id: 'usage.image-name',
    hint: 'name it: taskgate images load FILE --as NAME:TAG; or save it by its name, not by its id',
  });
};

/** The archive's list with only these images, under their full names. */
export const renderList = ({ list, images }: ImageArchive): string => {
  if (list === 'manifest.json')
    return JSON.stringify(images.map(({ names, entry }) => ({ ...entry, RepoTags: names })));
  const manifests = images.flatMap(({ names, entry }) =>
    names.map((name) => ({
      ...entry,
      annotations: {
        ...(isFields(entry['annotations']) ? entry['annotations'] : {}),
        [imageNameKey]: name,
        [refNameKey]: name.split(':').at(-1),
      },
    })),
  );
  return JSON.stringify({ schemaVersion: 2, manifests });
};
