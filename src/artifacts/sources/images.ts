import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTar } from '../../lib/archive/tar.ts';
import type { ImagePin } from '../../model/pins.ts';
import { collectFiles, filesBelow, layerEntries } from '../image/layer.ts';
import { composeImage, layoutEntries, type OciImage } from '../image/oci.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { makeMeter } from '../store/progress.ts';
import { pullImage } from './registry.ts';

export const archiveName = 'images.tar';

/** Finds the path of a program for an image. */
export type ProgramOf = (program: ImagePin['assembled']['program'], work: Work) => Promise<string>;

/** What images are assembled from. */
export type ImageParts = {
  readonly programOf: ProgramOf;
  /** Finds the folder into which the packages were unpacked. */
  readonly packagesOf: (packages: NonNullable<ImagePin['assembled']['packages']>, work: Work) => Promise<string>;
};

type Parts = { readonly from: string; readonly root?: string };

const assembleImage = async (
  { ref, assembled }: ImagePin,
  { from, root, blobsDir }: Parts & { readonly blobsDir: string },
  work: Work,
): Promise<OciImage> => {
  const { program, path, config } = assembled;
  const files = [
    ...(await collectFiles({ path, from }, work.runner, work.signal)),
    ...(root === undefined ? [] : await filesBelow(root)),
  ];
  const layerPath = join(blobsDir, `${program}.tar`);
  work.report('building', `assembling ${ref}`);
  const { size, sha256 } = await writeTar(layerPath, layerEntries(files), work.signal);
  const layer = { sha256, size, content: { path: layerPath, size } };
  return composeImage(ref, layer, { arch: work.arch, config });
};

/** A source that gets images, with their blobs in a folder, and writes them into one archive. */
const imageSource = (
  name: ArtifactSource['name'],
  getImages: (blobsDir: string, work: Work) => Promise<readonly OciImage[]>,
): ArtifactSource => ({
  name,
  make: async (dir, work) => {
    const blobsDir = `${dir}.blobs`;
    await Promise.all([blobsDir, dir].map((path) => mkdir(path, { recursive: true })));
    const images = await getImages(blobsDir, work);
    work.report('building', archiveName);
    await writeTar(join(dir, archiveName), layoutEntries(images), work.signal);
  },
});

/** Pulls all images from their registries. */
export const pulledImages = (pins: readonly ImagePin[]): ArtifactSource =>
  imageSource('registry', async (blobsDir, work) => {
    work.report('downloading', 'waiting for the registries');
    const meter = makeMeter(undefined, (detail) => work.report('downloading', detail));
    const pulls = pins.map(({ ref }) => pullImage(ref, { work, blobsDir, meter }));
    // after a failure, no other pull must still be writing
    await Promise.allSettled(pulls);
    return Promise.all(pulls);
  });

/** Assembles all images from the programs that the node runs too, under the upstream image names. */
export const assembledImages = (pins: readonly ImagePin[], { programOf, packagesOf }: ImageParts): ArtifactSource => {
  const partsOf = async ({ assembled: { program, packages } }: ImagePin, work: Work): Promise<Parts> => {
    const [from, root] = await Promise.all([programOf(program, work), packages && packagesOf(packages, work)]);
    return { from, ...(root !== undefined && { root }) };
  };
  return imageSource('assembled', async (blobsDir, work) => {
    work.report('waiting', 'the programs inside the images');
    const all = await Promise.all(pins.map(async (pin) => ({ pin, parts: await partsOf(pin, work) })));
    const images: OciImage[] = [];
    for (const { pin, parts } of all) images.push(await assembleImage(pin, { ...parts, blobsDir }, work));
    return images;
  });
};
